#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/random_stream.h"
#include "model/network.h"

namespace lethe::model {

struct GenerateOptions {
  int max_total_tokens = 100;        ///< prompt included
  int top_k = 1;                     ///< 1: greedy; k: the k likeliest, renormalised, one multinomial draw each token
  bool stop_at_end_of_text = false;  ///< a row ends before the first `end_of_text` that it draws
  TokenId end_of_text = -1;
};

/// Continues each prompt with a K/V cache; returns prompt + continuation. Draws come from `random` in row order
/// per step, one for each row that needs a token, so the result depends on neither device nor batch layout beyond
/// rounding. Prompts of unequal length are fed their own tokens until they run out (published sampler); a prompt
/// of `max_total_tokens` or more comes back as it is. Throws `core::ModelError` for an empty prompt or more
/// positions than the model has.
std::vector<std::vector<TokenId>> generate(const Network& network, std::span<const std::vector<TokenId>> prompts,
                                           const GenerateOptions& options, core::RandomStream& random);

}  // namespace lethe::model
