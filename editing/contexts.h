#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/context_length.h"
#include "model/network.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::editing {

/// Unicode NFKD normalisation of the characters of Unicode 14.0, whichever version the host's utf8proc knows; code
/// points that came later are kept. Invalid UTF-8 throws `core::DataError`.
std::string nfkd(std::string_view text);

/// What the published sampler does to a decoded text: NFKD, then blank lines become one space, then every
/// "<|endoftext|>" is removed.
std::string cleaned_sample(std::string_view decoded);

/// Context templates: "{}", then "<prefix>. {}" for every prefix.
std::vector<std::string> context_templates(const std::vector<std::string>& prefixes);

/// Prefixes sampled from `network` (top 5), `count` of each length, the seed text's tokens counting, in the order of
/// `lengths` and, within a length, of `seeds`; draws come from (seed, "contexts") only.
std::vector<std::string> sample_prefixes(const std::vector<std::vector<model::TokenId>>& seeds,
                                         const std::vector<core::ContextLength>& lengths, const model::Network& network,
                                         const model::Tokenizer& tokenizer, std::uint64_t seed);

}  // namespace lethe::editing
