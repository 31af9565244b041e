#include "tests/support/uniform_weights.h"

#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <vector>

#include <ATen/ATen.h>

#include "tests/support/test_device.h"

namespace lethe::test {
namespace {

double amplitude_of(const model::Architecture& architecture, const model::ParameterShape& parameter) {
  if (parameter.shape.size() == 1) {
    return 0.1;
  }
  return architecture.block_of(parameter.name) ? 0.4 : 1.0;
}

/// Norms' weights lie about 1.
double centre_of(const model::ParameterShape& parameter) {
  return model::is_norm(parameter.role) && !parameter.is_bias ? 1.0 : 0.0;
}

std::uint64_t hash_of(const std::string& name) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char letter : name) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3ULL;
  }
  return hash;
}

double uniform_of_hash(std::uint64_t hash, std::uint64_t index) {
  std::uint64_t z = hash + (index + 1) * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-52 - 1.0;
}

/// Of a standard deviation.
at::Tensor spread_tensor(const model::ParameterShape& parameter, double deviation) {
  at::Tensor values = at::empty(parameter.shape, at::kFloat);
  auto* value = values.data_ptr<float>();
  const std::uint64_t hash = hash_of(parameter.name);
  const double amplitude = deviation * std::sqrt(3.0);
  for (std::int64_t index = 0; index < values.numel(); ++index) {
    value[index] = static_cast<float>(uniform_of_hash(hash, static_cast<std::uint64_t>(index)) * amplitude);
  }
  return values;
}

}  // namespace

double uniform_of(const std::string& name, std::uint64_t index) { return uniform_of_hash(hash_of(name), index); }

torch::Tensor uniform_matrix(const std::string& name, std::int64_t rows, std::int64_t columns) {
  std::vector<double> values(static_cast<std::size_t>(rows * columns));
  for (std::size_t index = 0; index < values.size(); ++index) {
    values[index] = uniform_of(name, index);
  }
  return at::tensor(values, at::kDouble).view({rows, columns}).to(test_device());
}

std::shared_ptr<const model::Weights> uniform_weights(const model::Architecture& architecture, torch::Dtype dtype) {
  std::map<std::string, torch::Tensor> tensors;
  for (const model::ParameterShape& parameter : model::parameter_shapes(architecture)) {
    const auto count =
        std::accumulate(parameter.shape.begin(), parameter.shape.end(), std::int64_t{1}, std::multiplies<>());
    const at::Tensor values =
        uniform_matrix(parameter.name, 1, count).mul(amplitude_of(architecture, parameter)).add(centre_of(parameter));
    // Rounded to fp32 first, so that both precisions hold the same numbers.
    tensors[parameter.name] = values.view(parameter.shape).to(at::kFloat).to(dtype);
  }
  return std::make_shared<const model::Weights>(architecture, std::move(tensors));
}

std::shared_ptr<const model::Weights> initialised_weights(const model::Architecture& architecture, torch::Dtype dtype) {
  constexpr double kDeviation = 0.02;
  std::map<std::string, torch::Tensor> tensors;
  for (const model::ParameterShape& parameter : model::parameter_shapes(architecture)) {
    if (parameter.shape.size() == 1) {
      tensors[parameter.name] = at::full(parameter.shape, centre_of(parameter), dtype);
      continue;
    }
    const bool is_residual = parameter.name.ends_with(".c_proj.weight");
    const auto num_terms = static_cast<double>(is_residual ? 2 * architecture.num_layers : 1);
    tensors[parameter.name] = spread_tensor(parameter, kDeviation / std::sqrt(num_terms)).to(dtype);
  }
  return std::make_shared<const model::Weights>(architecture, std::move(tensors));
}

}  // namespace lethe::test
