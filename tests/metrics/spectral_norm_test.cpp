#include "metrics/spectral_norm.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "tests/support/test_device.h"

namespace lethe::metrics {
namespace {

/// What the header promises of known spectra: the square of 1e-6 over a gap, and rounding.
constexpr double kInTests = 1e-11;

torch::Tensor normal(std::int64_t rows, std::int64_t columns, std::uint64_t seed = 1) {
  auto generator = at::detail::createCPUGenerator(seed);
  return torch::randn({rows, columns}, generator, torch::kFloat64);
}

/// A matrix with these singular values, between random orthonormal vectors.
torch::Tensor with_spectrum(const torch::Tensor& values, std::int64_t rows, std::int64_t columns) {
  const auto left = std::get<0>(at::linalg_qr(normal(rows, values.size(0), 2)));
  const auto right = std::get<0>(at::linalg_qr(normal(columns, values.size(0), 3)));
  return at::matmul(left * values, right.t());
}

double norm_on_device(const torch::Tensor& matrix) { return spectral_norm(matrix.to(test::test_device())); }

void expect_largest(const torch::Tensor& matrix, double tolerance = kInTests) {
  const double largest = at::linalg_svdvals(matrix.to(torch::kFloat64))[0].item<double>();
  EXPECT_NEAR(norm_on_device(matrix) / largest, 1.0, tolerance) << matrix.sizes();
}

TEST(SpectralNorm, IsTheLargestSingularValueOfRandomMatricesOfManyShapes) {
  for (const auto rows : {1, 2, 3, 7, 16, 64, 129, 300}) {
    for (const auto columns : {1, 2, 3, 5, 31, 64, 200}) expect_largest(normal(rows, columns));
  }
  expect_largest(normal(700, 900));
  expect_largest(normal(40, 2000).to(torch::kFloat32));
}

TEST(SpectralNorm, OfAFewRankOneUpdatesIsExact) {
  for (const auto rank : {1, 2, 5, 40}) expect_largest(at::matmul(normal(128, rank, 4), normal(rank, 512, 5)), 1e-13);
  auto one_element = torch::zeros({50, 70}, torch::kFloat32);
  one_element[13][42] = -3.5F;
  EXPECT_NEAR(norm_on_device(one_element), 3.5, 1e-13);
}

TEST(SpectralNorm, RepeatedAndNearlyRepeatedLargestValuesAreOne) {
  EXPECT_NEAR(norm_on_device(torch::eye(64, torch::kFloat64)), 1.0, 1e-13);
  EXPECT_NEAR(norm_on_device(with_spectrum(torch::tensor({3.0, 3.0, 3.0, 1.0, 0.5}, torch::kFloat64), 90, 60)), 3.0,
              1e-12);
  const auto crowded = torch::linspace(0.999, 1.0, 200, torch::kFloat64);
  EXPECT_NEAR(norm_on_device(with_spectrum(crowded, 250, 400)), 1.0, 1e-6) << "a gap of 5e-6";
  const auto even = torch::linspace(0.0, 1.0, 1200, torch::kFloat64);
  EXPECT_NEAR(norm_on_device(with_spectrum(even, 1200, 1300)), 1.0, 1e-9);
}

TEST(SpectralNorm, OfSpectraThatFallFastAndOfHugeAndTinyNumbers) {
  expect_largest(with_spectrum(torch::pow(2.0, -torch::arange(0, 60, torch::kFloat64)), 100, 80));
  for (const double scale : {1e-38, 1e-12, 1e12, 1e37}) expect_largest((scale * normal(30, 50)).to(torch::kFloat32));
}

TEST(SpectralNorm, OfZerosIsZeroAndOfAVectorItsLength) {
  EXPECT_EQ(norm_on_device(torch::zeros({12, 7})), 0.0);
  EXPECT_EQ(norm_on_device(torch::zeros({0, 7})), 0.0);
  EXPECT_NEAR(norm_on_device(torch::tensor({3.0, 4.0})), 5.0, 1e-12);
}

TEST(SpectralNorm, OfWhatIsNoNumberIsNone) {
  for (const double value : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity()}) {
    auto matrix = normal(20, 30);
    matrix[7][11] = value;
    EXPECT_TRUE(std::isnan(norm_on_device(matrix))) << value;
  }
}

TEST(SpectralNorm, HasTheSameBitsEachTime) {
  const auto matrix = normal(200, 300).to(torch::kFloat32);
  const double first = norm_on_device(matrix);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(norm_on_device(matrix.clone()), first);
}

}  // namespace
}  // namespace lethe::metrics
