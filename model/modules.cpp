#include "model/modules.h"

#include <stdexcept>

#include <torch/csrc/autograd/custom_function.h>

namespace lethe::model {
namespace {

torch::Tensor bias_of(const ParameterNames& names, const ParameterLookup& parameter) {
  return names.bias ? parameter(*names.bias) : torch::Tensor();
}

/// `torch::linear` with a weight of a narrower type than the input's, in the input's type and with its bits. The graph
/// keeps the narrow weight and widens it again on the way back: the plain formula would keep every layer widened from
/// the forward to the backward. Gradients are given for the input alone: a narrow weight is the base's, and so is its
/// bias.
class WideningLinear : public torch::autograd::Function<WideningLinear> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& input,
                               const LinearParameters& parameters) {
    const auto& [weight_OI, bias_O] = parameters;
    if (bias_O.defined() && bias_O.requires_grad()) {
      throw std::logic_error("a bias beside a weight that is held as stored has no gradient");
    }
    context->save_for_backward({weight_OI});
    return torch::linear(input, weight_OI.to(input.scalar_type()), bias_O);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto& gradient = gradients.front();
    const auto weight_OI = context->get_saved_variables().front().to(gradient.scalar_type());
    auto shape = gradient.sizes().vec();
    shape.back() = weight_OI.size(1);
    return {gradient.reshape({-1, weight_OI.size(0)}).mm(weight_OI).view(shape), {}};
  }
};

}  // namespace

LinearParameters resolve_linear(const ParameterNames& names, const ParameterLookup& parameter) {
  return {parameter(names.weight), bias_of(names, parameter)};
}

NormParameters resolve_norm(const ParameterNames& names, const ParameterLookup& parameter) {
  return {parameter(names.weight), bias_of(names, parameter)};
}

torch::Tensor linear(const torch::Tensor& input, const LinearParameters& parameters) {
  if (parameters.weight_OI.scalar_type() == input.scalar_type()) {
    return torch::linear(input, parameters.weight_OI, parameters.bias_O);
  }
  return WideningLinear::apply(input, parameters);
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
