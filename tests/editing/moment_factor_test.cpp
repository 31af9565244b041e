#include "editing/moment_factor.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace lethe::editing {
namespace {

SecondMoment moment_of(const at::Tensor& matrix, std::int64_t count) {
  return {.moment_FF = matrix, .count = count, .factor = {}};
}

std::string refusal_of(const SecondMoment& moment) {
  try {
    const MomentFactor factor(moment, 5, torch::kCPU);
  } catch (const core::DataError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(MomentFactor, SolvesHandComputedTwoByTwo) {
  // C = [[2, 1], [1, 2]], C^-1 = [[2, -1], [-1, 2]] / 3.
  const MomentFactor factor(moment_of(at::tensor(std::vector<double>{2, 1, 1, 2}, at::kDouble).view({2, 2}), 10), 0,
                            torch::kCPU);
  const at::Tensor solution = factor.solve(at::tensor(std::vector<double>{3, 0}, at::kDouble));
  EXPECT_NEAR(solution[0].item<double>(), 2.0, 1e-14);
  EXPECT_NEAR(solution[1].item<double>(), -1.0, 1e-14);
}

TEST(MomentFactor, SolvesInDoublePrecisionForAFloatKey) {
  at::Tensor keys = at::linspace(-1, 1, 60 * 12, at::kDouble).sin().view({60, 12}) + at::eye(60, 12, at::kDouble);
  const at::Tensor moment = at::matmul(keys.t(), keys) / 60;
  const MomentFactor factor(moment_of(moment, 60), 0, torch::kCPU);
  const at::Tensor key = at::linspace(0.1, 1.7, 12);
  const at::Tensor solution = factor.solve(key);
  EXPECT_EQ(solution.scalar_type(), at::kDouble);
  EXPECT_LT((at::mv(moment, solution) - key.to(at::kDouble)).abs().max().item<double>(), 1e-12);
  EXPECT_GT(factor.pivot_ratio(), 0.0);
  EXPECT_LE(factor.pivot_ratio(), 1.0);
}

TEST(MomentFactor, RefusesFewerTokensThanDimensions) {
  const std::string refusal = refusal_of(moment_of(at::eye(8, at::kDouble), 7));
  EXPECT_THAT(refusal, testing::HasSubstr("layer 5"));
  EXPECT_THAT(refusal, testing::HasSubstr("7 tokens, fewer than its 8 dimensions"));
  EXPECT_THAT(refusal, testing::HasSubstr("more tokens"));
}

TEST(MomentFactor, RefusesAMatrixThatIsNotPositiveDefinite) {
  at::Tensor matrix = at::eye(8, at::kDouble);
  matrix[4][4] = -1e-3;
  const std::string refusal = refusal_of(moment_of(matrix, 1000));
  EXPECT_THAT(refusal, testing::HasSubstr("not positive definite (leading minor 5 of 8"));
  EXPECT_THAT(refusal, testing::HasSubstr("more tokens"));
}

TEST(MomentFactor, RefusesValuesThatAreNotFiniteOrNotSquare) {
  at::Tensor matrix = at::eye(3, at::kDouble);
  matrix[1][2] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(refusal_of(moment_of(matrix, 100)), testing::HasSubstr("not finite"));
  EXPECT_THAT(refusal_of(moment_of(at::ones({2, 3}), 100)), testing::HasSubstr("square"));
  EXPECT_THAT(refusal_of(SecondMoment{}), testing::HasSubstr("square"));
}

}  // namespace
}  // namespace lethe::editing
