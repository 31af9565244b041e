#include "editing/moment_factor.h"

#include <cmath>
#include <limits>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/editing/editing_fixture.h"
#include "tests/support/test_device.h"

namespace lethe::editing {
namespace {

SecondMoment moment_of(const at::Tensor& matrix, std::int64_t count) {
  return {.moment_FF = matrix, .count = count, .factor = {}};
}

std::string refusal_of(const SecondMoment& moment) {
  try {
    const MomentFactor factor(moment, 5, test::test_device());
  } catch (const core::DataError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(MomentFactor, SolvesHandComputedTwoByTwo) {
  // C = [[2, 1], [1, 2]], C^-1 = [[2, -1], [-1, 2]] / 3.
  const MomentFactor factor(moment_of(at::tensor(std::vector<double>{2, 1, 1, 2}, at::kDouble).view({2, 2}), 10), 0,
                            test::test_device());
  const at::Tensor solution = factor.solve(at::tensor(std::vector<double>{3, 0}, at::kDouble));
  EXPECT_NEAR(solution[0].item<double>(), 2.0, 1e-14);
  EXPECT_NEAR(solution[1].item<double>(), -1.0, 1e-14);
}

TEST(MomentFactor, SolvesInDoublePrecisionForAFloatKey) {
  at::Tensor keys = at::linspace(-1, 1, 60 * 12, at::kDouble).sin().view({60, 12}) + at::eye(60, 12, at::kDouble);
  const at::Tensor moment = at::matmul(keys.t(), keys) / 60;
  const MomentFactor factor(moment_of(moment, 60), 0, test::test_device());
  const at::Tensor key = at::linspace(0.1, 1.7, 12);
  const at::Tensor solution = factor.solve(test::on_test_device(key));
  EXPECT_EQ(solution.scalar_type(), at::kDouble);
  EXPECT_LT((at::mv(moment, solution.cpu()) - key.to(at::kDouble)).abs().max().item<double>(), 1e-12);
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

/// A symmetric matrix of size `size` whose eigenvalues fall evenly in logarithm from 1 to 1 / `condition`.
at::Tensor spectrum(std::int64_t size, double condition) {
  const at::Tensor basis = std::get<0>(at::linalg_qr(test::uniform_matrix("basis", size, size).cpu()));
  const at::Tensor values = at::logspace(0.0, -std::log10(condition), size, 10.0, at::kDouble);
  const at::Tensor matrix = basis.mm(at::diag(values)).mm(basis.t());
  return (matrix + matrix.t()) / 2.0;
}

struct KeyedSystem {
  at::Tensor matrix_FF;
  at::Tensor keys_FN;
  at::Tensor solution_FN;
};

KeyedSystem keyed_system(double condition, double weight, std::int64_t num_keys) {
  constexpr std::int64_t kSize = 96;
  const at::Tensor moment = spectrum(kSize, condition);
  const MomentFactor factor(moment_of(moment, 1000), 0, test::test_device());
  const at::Tensor keys = test::uniform_matrix("keys", kSize, num_keys);
  const at::Tensor matrix = weight * test::on_test_device(moment) + keys.mm(keys.t());
  return {matrix, keys, factor.solve_with_keys(keys, weight)};
}

TEST(MomentFactor, SolvesWithKeysByHand) {
  // C = I, weight 2, k = (1, 1): (2 I + k k^T)^-1 k = k / (2 + k.k) = k / 4.
  const MomentFactor factor(moment_of(at::eye(2, at::kDouble), 10), 0, test::test_device());
  const at::Tensor solution = factor.solve_with_keys(at::ones({2, 1}), 2.0);
  EXPECT_EQ(solution.sizes().vec(), (std::vector<std::int64_t>{2, 1}));
  EXPECT_NEAR(solution[0][0].item<double>(), 0.25, 1e-15);
  // Twice the same key: (2 I + 2 k k^T)^-1 k = k / (2 + 2 k.k) = k / 6, in both columns.
  const at::Tensor twice = factor.solve_with_keys(at::ones({2, 2}), 2.0);
  EXPECT_LT((twice - 1.0 / 6.0).abs().max().item<double>(), 1e-15);
}

TEST(MomentFactor, SolvesWithKeysLikeTheDirectSolve) {
  // Weights and spectra whose sum with the keys has a condition of at most 1e6: a direct solve is no better than that.
  for (const auto& [condition, weight] :
       {std::pair{1e2, 1.0}, {1e4, 1.0}, {1e4, 15000.0}, {1e6, 1000.0}, {1e6, 15000.0}}) {
    for (const std::int64_t num_keys : {1, 2, 7}) {
      const auto [matrix, keys, solution] = keyed_system(condition, weight, num_keys);
      EXPECT_LT(test::relative_difference(solution, at::linalg_solve(matrix, keys)), 1e-9)
          << "condition " << condition << ", weight " << weight << ", keys " << num_keys;
    }
  }
}

TEST(MomentFactor, LeavesNoResidualWhereTheConditionIsBad) {
  for (const double condition : {1e6, 1e8, 1e10, 1e12}) {
    for (const double weight : {1e-3, 1.0, 15000.0}) {
      for (const std::int64_t num_keys : {1, 7}) {
        const auto [matrix, keys, solution] = keyed_system(condition, weight, num_keys);
        // What any stable solver leaves, measured against the sizes that enter.
        const at::Tensor residual = matrix.mm(solution) - keys;
        const double scale = (matrix.norm() * solution.norm() + keys.norm()).item<double>();
        EXPECT_LT(residual.norm().item<double>() / scale, 1e-12) << condition << ", " << weight << ", " << num_keys;
      }
    }
  }
}

TEST(MomentFactor, KeysThatAreNotFiniteGiveNothingFinite) {
  const MomentFactor factor(moment_of(at::eye(4, at::kDouble), 10), 0, test::test_device());
  for (const std::int64_t num_keys : {1, 3}) {
    at::Tensor keys = at::ones({4, num_keys});
    keys[2][0] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_FALSE(at::isfinite(factor.solve_with_keys(keys, 1.0)).all().item<bool>());
  }
}

}  // namespace
}  // namespace lethe::editing
