#pragma once

#include <functional>
#include <string>

#include <torch/types.h>

#include "model/architecture.h"

// The modules that networks are made of, as their family's spec says that they are computed.
// Legend: N rows, I inputs, O outputs, D width, F inner width.

namespace lethe::model {

/// y = x W^T + b.
struct LinearParameters {
  torch::Tensor weight_OI;  ///< of the type that is computed in, or narrower (`HeldAs`)
  torch::Tensor bias_O;     ///< undefined without one
};

/// Of any norm.
struct NormParameters {
  torch::Tensor weight_D;
  torch::Tensor bias_D;  ///< undefined without one
};

using ParameterLookup = std::function<const torch::Tensor&(const std::string&)>;
/// The current tensors of a module; they alias the network's.
LinearParameters resolve_linear(const ParameterNames& names, const ParameterLookup& parameter);
NormParameters resolve_norm(const ParameterNames& names, const ParameterLookup& parameter);

/// [..,I] -> [..,O], in the input's type. A weight held in a narrower one is widened for it, and again for gradients
/// with respect to the input: same bits as a weight widened before.
torch::Tensor linear(const torch::Tensor& input, const LinearParameters& parameters);
/// The family's norm over the last dimension, [..,D], or [..,E] of a head.
torch::Tensor normalize(const Architecture& architecture, const torch::Tensor& hidden, const NormParameters& norm);
/// What stands between the MLP's projections, [..,F]. `gate`: the gate's projection, undefined where the form has none.
torch::Tensor activate(MlpForm form, const torch::Tensor& projected, const torch::Tensor& gate = {});

}  // namespace lethe::model
