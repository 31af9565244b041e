#pragma once

#include <torch/types.h>

#include "model/architecture.h"

// Legend: P positions, T tokens, E head width.

namespace lethe::model {

/// cos and signed sin of rotation angles, [P,E] of every position or, broadcast over heads, of a forward's own.
/// `RotaryForm::kInterleavedPairs`: entries 2j and 2j+1 hold pair j, with -sin at 2j and +sin at 2j+1; dimensions
/// beyond rotary_dim have cos = 1 and sin = 0. `kHalfSplitPairs`: entries j and j + E/2 hold it, -sin at j and +sin
/// at j + E/2. Undefined where positions are not rotary.
struct RotaryTables {
  torch::Tensor cosines, signed_sines;
  RotaryForm form = RotaryForm::kNone;

  [[nodiscard]] bool defined() const { return cosines.defined(); }
};

/// Those of all positions of an architecture, computed in fp64; undefined tables for `RotaryForm::kNone`.
RotaryTables rotary_tables(const Architecture& architecture, torch::Device device, torch::Dtype dtype);

/// Rotates queries or keys [..,T,E] by the angles of their positions.
torch::Tensor rotate(const torch::Tensor& heads, const RotaryTables& tables);

}  // namespace lethe::model
