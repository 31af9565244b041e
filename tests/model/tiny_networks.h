#pragma once

#include <cctype>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>
#include <torch/types.h>

#include "model/families/families.h"
#include "model/network.h"
#include "model/weights.h"
#include "tests/support/hugging_face_config.h"
#include "tests/support/test_device.h"

// Networks small enough for finite differences, with weights from a formula that
// tests/model/golden/record_logits.py repeats.

namespace lethe::model::testing {

using lethe::test::test_device;

inline Architecture tiny_architecture(const FamilySpec* family) {
  Architecture architecture;
  architecture.family = family;
  architecture.num_layers = 3;
  architecture.width = 32;
  architecture.num_heads = family == &kGpt2 ? 4 : 2;
  architecture.inner_width = 80;
  architecture.max_positions = 48;
  architecture.vocab_size = 101;
  architecture.rotary_dim = family->rotary == RotaryForm::kNone ? 0 : 8;
  test::vary_attention(architecture);
  return architecture;
}

/// Numbers start .. start+count-1 of a hash, in [-0.5, 0.5).
inline torch::Tensor formula_numbers(std::uint64_t start, std::int64_t count) {
  auto numbers = torch::empty({count}, torch::kFloat64);
  for (std::int64_t i = 0; i < count; ++i) {
    std::uint64_t x = ((start + static_cast<std::uint64_t>(i)) * 0x9E3779B1U) & 0xFFFFFFFFU;
    x ^= x >> 15;
    x = (x * 0x85EBCA77U) & 0xFFFFFFFFU;
    x ^= x >> 13;
    numbers.data_ptr<double>()[i] = static_cast<double>(x >> 8) / 16777216.0 - 0.5;
  }
  return numbers;
}

inline std::shared_ptr<const Weights> formula_weights(const Architecture& architecture, torch::Dtype dtype) {
  std::map<std::string, torch::Tensor> tensors;
  std::uint64_t start = 0;
  for (const auto& parameter : parameter_shapes(architecture)) {
    std::int64_t count = 1;
    for (const auto size : parameter.shape) count *= size;
    const auto numbers = formula_numbers(start, count);
    start += static_cast<std::uint64_t>(count);
    const bool is_scale = is_norm(parameter.role) && !parameter.is_bias;
    const auto value = (is_scale ? 1.0 + 0.25 * numbers : 0.5 * numbers).to(torch::kFloat32);
    tensors.emplace(parameter.name, value.view(parameter.shape).to(test_device(), dtype));
  }
  return std::make_shared<const Weights>(architecture, std::move(tensors));
}

inline std::shared_ptr<const Weights> formula_weights(const FamilySpec* family, torch::Dtype dtype) {
  return formula_weights(tiny_architecture(family), dtype);
}

/// A row of `length` tokens, different for each `seed`.
inline std::vector<TokenId> token_row(int seed, int length, int vocab_size = 101) {
  std::vector<TokenId> row;
  for (int i = 0; i < length; ++i) row.push_back((7 * i * i + 3 * i + 11 * seed + 5) % vocab_size);
  return row;
}

/// Family x dtype.
class EachNetwork : public ::testing::TestWithParam<std::tuple<const FamilySpec*, torch::Dtype>> {
 protected:
  [[nodiscard]] static const FamilySpec* family() { return std::get<0>(GetParam()); }
  [[nodiscard]] static torch::Dtype dtype() { return std::get<1>(GetParam()); }
  [[nodiscard]] static Network network() { return Network(formula_weights(family(), dtype())); }
  /// What summation order may change: 1e-5 in fp32, 1e-10 in fp64.
  [[nodiscard]] static double tolerance() { return dtype() == torch::kFloat64 ? 1e-10 : 1e-5; }

  static void expect_close(const torch::Tensor& actual, const torch::Tensor& expected) {
    ASSERT_EQ(actual.sizes(), expected.sizes());
    EXPECT_TRUE(torch::isfinite(actual).all().item<bool>());
    EXPECT_LT((actual - expected).abs().max().item<double>(), tolerance());
  }
};

inline std::string family_name(const FamilySpec* family) {
  std::string name(family->name);
  name.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(name.front())));
  return name;
}

inline std::string network_name(const ::testing::TestParamInfo<std::tuple<const FamilySpec*, torch::Dtype>>& info) {
  return family_name(std::get<0>(info.param)) + (std::get<1>(info.param) == torch::kFloat64 ? "Fp64" : "Fp32");
}

#define LETHE_INSTANTIATE_EACH_NETWORK(suite)                                                                       \
  INSTANTIATE_TEST_SUITE_P(                                                                                         \
      Tiny, suite,                                                                                                  \
      ::testing::Combine(::testing::ValuesIn(all_families()), ::testing::Values(torch::kFloat32, torch::kFloat64)), \
      ::lethe::model::testing::network_name)

}  // namespace lethe::model::testing
