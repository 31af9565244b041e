#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>

// Legend: B rows, b stored rows (1 or B), G key and value heads, P positions, T new positions, E head width.

namespace lethe::model {

/// Keys and values of positions that precede the rows' own tokens, per layer [b,G,P,E] with b = 1 (shared by
/// all rows of a batch without being expanded) or b = B. Row r uses its first `lengths[r]` positions.
/// In memory the head comes first ([G,b,P,E]): that is the order in which attention reads them.
struct KeyValues {
  std::vector<torch::Tensor> keys;  ///< index = layer; undefined where a layer was not run
  std::vector<torch::Tensor> values;
  torch::Tensor lengths;  ///< int64 [b], on the network's device

  [[nodiscard]] bool empty() const { return keys.empty(); }
};

/// Row r of the result is row `rows_b[r]` of `source` with its first `lengths_b[r]` positions; cut to the longest.
/// `rows_b` undefined: every row, in order. Copies. Both are int64 [b]; lengths must not exceed the source's.
KeyValues select_prefix(const KeyValues& source, const torch::Tensor& lengths_b, const torch::Tensor& rows_b = {});

/// The first `lengths_B[r]` positions of row r: what `forward_layers(first_layer, prefix)` continues from.
inline KeyValues rows_before(const KeyValues& source, const torch::Tensor& lengths_B) {
  return select_prefix(source, lengths_B);
}

/// `source` with each row's `next` positions (T of them, all real) put behind its own last one. Copies.
KeyValues append(const KeyValues& source, const KeyValues& next);

}  // namespace lethe::model
