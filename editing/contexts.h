#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/context_length.h"
#include "model/network.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::editing {

/// What the published sampler does to a decoded text: NFKD, then blank lines become one space, then every `end_of_text`
/// is removed.
std::string cleaned_sample(std::string_view decoded, std::string_view end_of_text);

/// Context templates: "{}", then "<prefix>. {}" for every prefix.
std::vector<std::string> context_templates(const std::vector<std::string>& prefixes);

/// Prefixes sampled from `network` (top 5), `count` of each length, the seed text's tokens counting, in the order of
/// `lengths` and, within a length, of `seeds`; draws come from (seed, "contexts") only.
std::vector<std::string> sample_prefixes(const std::vector<std::vector<model::TokenId>>& seeds,
                                         const std::vector<core::ContextLength>& lengths, const model::Network& network,
                                         const model::Tokenizer& tokenizer, std::uint64_t seed);

}  // namespace lethe::editing
