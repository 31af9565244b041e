#include "editing/null_space.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "editing/key_history.h"
#include "tests/editing/editing_fixture.h"
#include "tests/support/test_device.h"

namespace lethe::editing {
namespace {

constexpr std::int64_t kPlentyOfTokens = 1 << 20;

SecondMoment second_moment(const at::Tensor& matrix, std::int64_t count = kPlentyOfTokens) {
  return {.moment_FF = matrix, .count = count, .factor = {}};
}

SecondMoment diagonal_moment(const std::vector<double>& values) {
  return second_moment(at::diag(at::tensor(values, at::kDouble)));
}

NullSpace null_space_of(const SecondMoment& moment, double threshold) {
  return {moment, 5, threshold, test::test_device()};
}

std::string null_space_refusal(const SecondMoment& moment, double threshold = 0.02) {
  try {
    (void)null_space_of(moment, threshold);
  } catch (const core::DataError& error) {
    return error.what();
  }
  return "accepted";
}

/// P, column by column.
at::Tensor projector_matrix(const NullSpace& null_space) {
  return null_space.apply(at::eye(null_space.width(), at::kDouble)).cpu();
}

void expect_matrix(const at::Tensor& actual, const at::Tensor& expected, double tolerance) {
  ASSERT_EQ(actual.sizes().vec(), expected.sizes().vec());
  EXPECT_LT((actual - expected).abs().max().item<double>(), tolerance) << actual;
}

TEST(NullSpace, ProjectsHandComputedCases) {
  // Eigenvalues 1, of (1,-1), and 3, of (1,1).
  const SecondMoment moment = second_moment(at::tensor(std::vector<double>{2, 1, 1, 2}, at::kDouble).view({2, 2}));
  const NullSpace null_space = null_space_of(moment, 2.0);
  EXPECT_EQ(null_space.rank(), 1);
  EXPECT_EQ(null_space.width(), 2);
  expect_matrix(projector_matrix(null_space),
                at::tensor(std::vector<double>{0.5, -0.5, -0.5, 0.5}, at::kDouble).view({2, 2}), 1e-15);
  EXPECT_NEAR(null_space.spectrum().smallest, 1.0, 1e-15);
  EXPECT_NEAR(null_space.spectrum().below, 1.0, 1e-15);
  EXPECT_NEAR(null_space.spectrum().above, 3.0, 1e-15);
  EXPECT_NEAR(null_space.spectrum().largest, 3.0, 1e-15);
  EXPECT_EQ(null_space.spectrum().threshold, 2.0);
}

TEST(NullSpace, KeepsTheSmallerBasis) {
  const NullSpace small = null_space_of(diagonal_moment({4.0, 0.01, 1.0}), 0.02);
  EXPECT_EQ(small.rank(), 1);
  EXPECT_FALSE(small.basis().is_complement);
  EXPECT_EQ(small.basis().basis_FQ.size(1), 1);
  expect_matrix(projector_matrix(small), at::diag(at::tensor(std::vector<double>{0, 1, 0}, at::kDouble)), 1e-15);

  const NullSpace large = null_space_of(diagonal_moment({4.0, 0.01, 1.0}), 2.0);
  EXPECT_EQ(large.rank(), 2);
  EXPECT_TRUE(large.basis().is_complement);
  EXPECT_EQ(large.basis().basis_FQ.size(1), 1);
  EXPECT_FALSE(large.is_full());
  expect_matrix(projector_matrix(large), at::diag(at::tensor(std::vector<double>{0, 1, 1}, at::kDouble)), 1e-15);
}

TEST(NullSpace, AnEigenvalueAtTheThresholdIsNotBelowIt) {
  EXPECT_EQ(null_space_of(diagonal_moment({0.01, 0.5, 0.5, 4.0}), 0.5).rank(), 1);
  EXPECT_EQ(null_space_of(diagonal_moment({0.01, 0.5, 0.5, 4.0}), std::nextafter(0.5, 1.0)).rank(), 3);
}

/// C with eigenvalues from 1e-4 to 10.
at::Tensor smooth_moment(std::int64_t width) {
  const at::Tensor basis = std::get<0>(at::linalg_qr(test::uniform_matrix("basis", width, width).cpu()));
  const at::Tensor matrix = basis.mm(at::diag(at::logspace(1.0, -4.0, width, 10.0, at::kDouble))).mm(basis.t());
  return (matrix + matrix.t()) / 2.0;
}

TEST(NullSpace, IsThePublishedProjectorOfSingularVectors) {
  const at::Tensor moment_FF = smooth_moment(48);
  const auto [left_FF, values_F, right_FF] = at::linalg_svd(moment_FF);
  for (const double threshold : {1e-3, 2e-2, 1.0}) {
    const NullSpace null_space = null_space_of(second_moment(moment_FF), threshold);
    const std::int64_t rank = values_F.lt(threshold).sum().item<std::int64_t>();
    ASSERT_EQ(null_space.rank(), rank) << threshold;
    const at::Tensor within_FR = left_FF.narrow(1, 48 - rank, rank);
    expect_matrix(projector_matrix(null_space), within_FR.mm(within_FR.t()), 1e-12);
    EXPECT_NEAR(null_space.spectrum().below, values_F[48 - rank].item<double>(), 1e-12);
    EXPECT_NEAR(null_space.spectrum().above, values_F[48 - rank - 1].item<double>(), 1e-12);
  }
}

TEST(NullSpace, ProjectsTwiceAsOnceAndInDoublePrecision) {
  const NullSpace null_space = null_space_of(second_moment(smooth_moment(48)), 2e-2);
  const at::Tensor keys_FN = test::uniform_matrix("keys", 48, 3).to(at::kFloat);
  const at::Tensor once_FN = null_space.apply(keys_FN);
  EXPECT_EQ(once_FN.scalar_type(), at::kDouble);
  EXPECT_LT(test::relative_difference(null_space.apply(once_FN), once_FN), 1e-13);
  EXPECT_GT(once_FN.norm().item<double>(), 0.1);
}

TEST(NullSpace, AnUpdateLeavesTheOutputsOfProtectedKeys) {
  const NullSpace null_space = null_space_of(second_moment(smooth_moment(48)), 2e-2);
  KeyHistory history = KeyHistory::over_identity(48, 0.1, test::test_device());
  history.append(null_space.apply(test::uniform_matrix("earlier", 48, 5)));
  const at::Tensor right_FN = history.solve(null_space.apply(test::uniform_matrix("keys", 48, 2)));
  const at::Tensor any_FN = test::uniform_matrix("others", 48, 6);
  const at::Tensor protected_FN = any_FN - null_space.apply(any_FN);
  EXPECT_GT(right_FN.t().mm(any_FN).abs().max().item<double>(), 1e-3);
  EXPECT_LT(right_FN.t().mm(protected_FN).abs().max().item<double>(), 1e-14);
}

TEST(NullSpace, RefusesARankOfZeroWithItsNumbers) {
  const std::string refusal = null_space_refusal(diagonal_moment({0.5, 0.25, 4.0}));
  EXPECT_THAT(refusal, testing::HasSubstr("layer 5"));
  EXPECT_THAT(refusal, testing::HasSubstr("nullspace_threshold 0.02"));
  EXPECT_THAT(refusal, testing::HasSubstr("smallest 0.25"));
  EXPECT_THAT(refusal, testing::HasSubstr("set nullspace_threshold above"));
  EXPECT_THAT(null_space_refusal(diagonal_moment({0.5, 0.25, 4.0}), std::numeric_limits<double>::quiet_NaN()),
              testing::HasSubstr("nullspace_threshold nan"));
}

TEST(NullSpace, FlagsAFullRank) {
  const NullSpace full = null_space_of(diagonal_moment({0.5, 0.25, 4.0}), 5.0);
  EXPECT_TRUE(full.is_full());
  EXPECT_EQ(full.rank(), 3);
  EXPECT_TRUE(std::isnan(full.spectrum().above));
  const at::Tensor keys_FN = test::uniform_matrix("keys", 3, 2);
  EXPECT_TRUE(at::equal(full.apply(keys_FN), keys_FN));
  const NullSpace stored(full.basis(), 5, test::test_device());
  EXPECT_TRUE(stored.is_full());
  EXPECT_TRUE(at::equal(stored.apply(keys_FN), keys_FN));
}

// As a step leaves a key, and as a file gives it: shapes are equal, and torch calls both contiguous.
TEST(NullSpace, ASingleKeyHasTheSameBitsWhateverItsStrides) {
  for (const std::int64_t width : {24, 64, 96}) {
    for (const std::int64_t rank : {width / 3, width / 2, width / 2 + 2, width - 5}) {
      std::vector<double> values(static_cast<std::size_t>(width), 1.0);
      std::fill_n(values.begin(), rank, 0.001);
      const auto turn_FF = std::get<0>(at::linalg_qr(test::uniform_matrix("turn", width, width).cpu()));
      const auto moment_FF = turn_FF.mm(at::diag(at::tensor(values, at::kDouble))).mm(turn_FF.t());
      const auto null_space = null_space_of(second_moment((moment_FF + moment_FF.t()) / 2), 0.01);
      const auto key_F1 = test::uniform_matrix("key", width, 1);
      const auto read_F1 = at::empty_like(key_F1).as_strided({width, 1}, {1, width}).copy_(key_F1);
      EXPECT_TRUE(at::equal(null_space.apply(key_F1), null_space.apply(read_F1))) << width << " " << rank;
    }
  }
}

TEST(NullSpace, AStoredBasisProjectsWithTheSameBits) {
  for (const double threshold : {1e-3, 1.0}) {
    const NullSpace computed = null_space_of(second_moment(smooth_moment(48)), threshold);
    NullSpaceBasis stored = computed.basis();
    stored.basis_FQ = stored.basis_FQ.cpu().clone();
    const NullSpace loaded(stored, 5, test::test_device());
    const at::Tensor keys_FN = test::uniform_matrix("keys", 48, 3);
    EXPECT_TRUE(at::equal(loaded.apply(keys_FN), computed.apply(keys_FN)));
    EXPECT_EQ(loaded.rank(), computed.rank());
    EXPECT_EQ(loaded.spectrum().below, computed.spectrum().below);
  }
}

TEST(NullSpace, RefusesAStoredBasisThatIsNone) {
  const auto refusal = [](const at::Tensor& basis, bool is_complement) -> std::string {
    try {
      const NullSpace null_space({basis, is_complement, {}}, 5, test::test_device());
    } catch (const core::DataError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal({}, false), testing::HasSubstr("layer 5: expected a basis"));
  EXPECT_THAT(refusal(at::eye(4, 3, at::kDouble), true), testing::HasSubstr("expected a basis"));
  EXPECT_THAT(refusal(at::eye(4, 2), false), testing::HasSubstr("expected a basis"));
  EXPECT_THAT(refusal(at::eye(4, 2, at::kDouble) / 0.0, false), testing::HasSubstr("expected a basis"));
  EXPECT_THAT(refusal(at::empty({4, 0}, at::kDouble), false), testing::HasSubstr("no eigenvalue"));
  EXPECT_EQ(refusal(at::eye(4, 2, at::kDouble), false), "accepted");
}

TEST(NullSpace, RefusesMomentsThatAreUnusable) {
  EXPECT_THAT(null_space_refusal(second_moment(at::eye(8, at::kDouble), 7)),
              testing::HasSubstr("7 tokens, fewer than their 8 dimensions"));
  EXPECT_THAT(null_space_refusal(second_moment(at::eye(8, at::kDouble), 7)), testing::HasSubstr("more tokens"));
  at::Tensor matrix = at::eye(3, at::kDouble);
  matrix[1][2] = std::numeric_limits<double>::infinity();
  EXPECT_THAT(null_space_refusal(second_moment(matrix)), testing::HasSubstr("not finite"));
  EXPECT_THAT(null_space_refusal(second_moment(at::ones({2, 3}, at::kDouble))), testing::HasSubstr("square"));
  EXPECT_THAT(null_space_refusal(SecondMoment{}), testing::HasSubstr("square"));
  EXPECT_THAT(null_space_refusal(diagonal_moment({-0.5, 1.0})), testing::HasSubstr("not positive semidefinite"));
  EXPECT_EQ(null_space_of(diagonal_moment({-1e-9, 1.0}), 0.02).rank(), 1);
}

}  // namespace
}  // namespace lethe::editing
