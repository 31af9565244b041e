#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/lower_states.h"
#include "model/network.h"
#include "model/row_batches.h"

namespace lethe::model {

/// Greedy answers of at most `max_new_tokens` to rows that share the token prefix `shared` (prefilled once, its
/// K/V never expanded per row); rows are evaluated in batches of similar length: at most `batch_rows`, and no more than
/// add up to `padding_tokens` of padding. Returns only the new tokens; a row stops after `end_of_text` (not included).
struct SharedPrefixOptions {
  int max_new_tokens = 3;
  int batch_rows = 50;
  std::int64_t padding_tokens = 256;
  TokenId end_of_text = -1;
  /// Keeps what blocks below the edited ones make of prefix and rows, under names that begin with `cache_key`.
  LowerStateCache* cache = nullptr;
  std::string cache_key{};
  BeforeBatch before_batch{};
};
std::vector<std::vector<TokenId>> answer_with_shared_prefix(const Network& network, std::span<const TokenId> shared,
                                                            std::span<const std::vector<TokenId>> rows,
                                                            const SharedPrefixOptions& options);

}  // namespace lethe::model
