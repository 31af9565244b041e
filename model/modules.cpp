#include "model/modules.h"

#include <stdexcept>

namespace lethe::model {
namespace {

torch::Tensor bias_of(const ParameterNames& names, const ParameterLookup& parameter) {
  return names.bias ? parameter(*names.bias) : torch::Tensor();
}

}  // namespace

LinearParameters resolve_linear(const ParameterNames& names, const ParameterLookup& parameter) {
  return {parameter(names.weight), bias_of(names, parameter)};
}

NormParameters resolve_norm(const ParameterNames& names, const ParameterLookup& parameter) {
  return {parameter(names.weight), bias_of(names, parameter)};
}

torch::Tensor linear(const torch::Tensor& input, const LinearParameters& parameters) {
  return torch::linear(input, parameters.weight_OI, parameters.bias_O);
}

torch::Tensor normalize(const Architecture& a, const torch::Tensor& hidden, const NormParameters& norm) {
  switch (a.family->norm) {
    case NormForm::kLayerNorm:
      return torch::layer_norm(hidden, norm.weight_D.sizes(), norm.weight_D, norm.bias_D, a.norm_epsilon);
    case NormForm::kRmsNorm:
      return hidden * torch::rsqrt(hidden.square().mean(-1, true) + a.norm_epsilon) * norm.weight_D;
  }
  throw std::logic_error("a norm without code");
}

torch::Tensor activate(MlpForm form, const torch::Tensor& projected, const torch::Tensor& gate) {
  switch (form) {
    case MlpForm::kGelu:
      return torch::gelu(projected, "tanh");
    case MlpForm::kSwiGlu:
      return torch::silu(gate) * projected;
  }
  throw std::logic_error("an MLP without code");
}

}  // namespace lethe::model
