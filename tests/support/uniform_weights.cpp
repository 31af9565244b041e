#include "tests/support/uniform_weights.h"

#include <map>
#include <vector>

#include <ATen/ATen.h>

#include "tests/support/test_device.h"

namespace lethe::test {
namespace {

double amplitude_of(const std::string& name, std::int64_t num_dimensions) {
  if (num_dimensions == 1) {
    return 0.1;
  }
  return name.find(".h.") == std::string::npos ? 1.0 : 0.4;
}

}  // namespace

double uniform_of(const std::string& name, std::uint64_t index) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char letter : name) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3ULL;
  }
  std::uint64_t z = hash + (index + 1) * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-52 - 1.0;
}

torch::Tensor uniform_matrix(const std::string& name, std::int64_t rows, std::int64_t columns) {
  std::vector<double> values(static_cast<std::size_t>(rows * columns));
  for (std::size_t index = 0; index < values.size(); ++index) {
    values[index] = uniform_of(name, index);
  }
  return at::tensor(values, at::kDouble).view({rows, columns}).to(test_device());
}

std::shared_ptr<const model::Weights> uniform_weights(const model::Architecture& architecture, torch::Dtype dtype) {
  const auto shapes = model::random_weights(architecture, 1, torch::kCPU);
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& [name, shape] : shapes->tensors()) {
    const double centre = name.find("ln_") != std::string::npos && name.ends_with(".weight") ? 1.0 : 0.0;
    const at::Tensor values = uniform_matrix(name, 1, shape.numel()).mul(amplitude_of(name, shape.dim())).add(centre);
    // Rounded to fp32 first, so that both precisions hold the same numbers.
    tensors[name] = values.view(shape.sizes()).to(at::kFloat).to(dtype);
  }
  return std::make_shared<const model::Weights>(architecture, std::move(tensors));
}

}  // namespace lethe::test
