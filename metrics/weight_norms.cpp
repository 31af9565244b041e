#include "metrics/weight_norms.h"

#include "metrics/spectral_norm.h"

namespace lethe::metrics {
namespace {

double norm_of(const torch::Tensor& weight) { return weight.norm().item<double>(); }

}  // namespace

BaseNorms base_norms(const model::Network& network, const std::string& parameter) {
  const torch::NoGradGuard no_grad;
  const auto base = network.base()->tensor(parameter).to(torch::kFloat64);
  return {spectral_norm(base), norm_of(base)};
}

core::NormRecord weight_norms(const model::Network& network, const std::string& parameter, const BaseNorms& base) {
  const torch::NoGradGuard no_grad;
  auto weight = network.parameter(parameter).to(torch::kFloat64);
  const double frobenius = norm_of(weight);
  if (network.dtype() == torch::kFloat64) weight = weight.clone();
  const auto update = weight.sub_(network.base()->tensor(parameter));  // in place: an fp64 matrix of GPT-J has 0.5 GB
  return {parameter, spectral_norm(update), base.spectral, frobenius, base.frobenius};
}

}  // namespace lethe::metrics
