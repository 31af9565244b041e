#pragma once

#include <span>
#include <string>
#include <variant>
#include <vector>

#include <torch/types.h>

#include "model/network.h"

// Legend: O outputs, I inputs, R rank.

namespace lethe::editing {

/// W += left_OR right_IR^T, applied factor by factor exactly so.
struct LowRankUpdate {
  torch::Tensor left_OR;
  torch::Tensor right_IR;
};

/// W := value, exactly (FT-C).
struct DenseUpdate {
  torch::Tensor value;
};

/// What one edit does to one parameter: the operands, never W - W0 (design C1).
struct ParameterUpdate {
  std::string parameter;
  std::variant<LowRankUpdate, DenseUpdate> change;
};

/// The one routine that applies an update, on the first run, on resume, in reducers and on export.
/// Products of several updates are never fused: that would give other bits.
void apply_update(model::Network& network, const ParameterUpdate& update);
void apply_updates(model::Network& network, std::span<const ParameterUpdate> updates);

}  // namespace lethe::editing
