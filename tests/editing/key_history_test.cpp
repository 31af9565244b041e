#include "editing/key_history.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/editing/editing_fixture.h"
#include "tests/support/test_device.h"

// Legend: F inner width of the MLP, N keys of a step, D model width.

namespace lethe::editing {
namespace {

static_assert(std::is_nothrow_move_constructible_v<KeyHistory> && !std::is_copy_constructible_v<KeyHistory>);

at::Tensor matrix_of(const std::vector<double>& values, std::int64_t rows) {
  return test::on_test_device(at::tensor(values, at::kDouble).view({rows, -1}));
}

at::Tensor step_keys(std::int64_t width, std::int64_t step, std::int64_t num_keys) {
  return test::uniform_matrix("keys of step " + std::to_string(step), width, num_keys);
}

/// C of random keys, some of whose directions are rare: condition about 1e5.
at::Tensor some_moment(std::int64_t width) {
  const at::Tensor scales_F = at::logspace(0.0, -2.0, width, 10.0, at::kDouble);
  const at::Tensor keys_FT = scales_F.unsqueeze(1) * test::uniform_matrix("moment", width, 4 * width).cpu();
  return keys_FT.mm(keys_FT.t()) / static_cast<double>(4 * width);
}

KeyHistory moment_history(const at::Tensor& moment_FF, double weight) {
  const SecondMoment moment{.moment_FF = moment_FF, .count = 1 << 20, .factor = {}};
  return KeyHistory::over_moment(MomentFactor(moment, 0, test::test_device()), weight);
}

/// P onto the first `rank` of random orthonormal directions.
at::Tensor random_projector(std::int64_t width, std::int64_t rank) {
  const at::Tensor basis_FF = std::get<0>(at::linalg_qr(test::uniform_matrix("projector", width, width).cpu()));
  const at::Tensor within_FR = basis_FF.narrow(1, 0, rank);
  return test::on_test_device(within_FR.mm(within_FR.t()));
}

/// The published programs: dense sums and dense solves in fp64.
struct Published {
  at::Tensor base_FF;       ///< L2 I or lambda C
  at::Tensor projector_FF;  ///< I of MEMIT's
  at::Tensor sum_FF = at::zeros_like(base_FF);

  void append(const at::Tensor& keys_FN) { sum_FF += keys_FN.mm(keys_FN.t()); }
  /// dW = solve(P (K K^T + S) + B, P K R^T)^T
  [[nodiscard]] at::Tensor update(const at::Tensor& keys_FN, const at::Tensor& residual_DN) const {
    const at::Tensor system_FF = projector_FF.mm(keys_FN.mm(keys_FN.t()) + sum_FF) + base_FF;
    return at::linalg_solve(system_FF, projector_FF.mm(keys_FN).mm(residual_DN.t())).t();
  }
};

Published published_alphaedit(const at::Tensor& projector_FF, double l2) {
  return {l2 * at::eye(projector_FF.size(0), projector_FF.options()), projector_FF};
}
Published published_memit(const at::Tensor& moment_FF, double weight) {
  const at::Tensor there_FF = test::on_test_device(moment_FF);
  return {weight * there_FF, at::eye(there_FF.size(0), there_FF.options())};
}

/// Steps through `num_steps` of `num_keys` each, and compares the update of every `stride`-th with the published one.
void expect_published_updates(KeyHistory history, Published published, std::int64_t num_steps, std::int64_t num_keys,
                              std::int64_t stride) {
  const std::int64_t width = history.width();
  const at::Tensor residual_DN = test::uniform_matrix("residual", 5, num_keys);
  for (std::int64_t step = 0; step < num_steps; ++step) {
    const at::Tensor keys_FN = step_keys(width, step, num_keys);
    const at::Tensor projected_FN = published.projector_FF.mm(keys_FN);
    if (step % stride == 0) {
      const at::Tensor update_DF = residual_DN.mm(history.solve(projected_FN).t());
      ASSERT_LT(test::relative_difference(update_DF, published.update(keys_FN, residual_DN)), 1e-9) << "step " << step;
    }
    history.append(projected_FN);
    published.append(keys_FN);
  }
  EXPECT_EQ(history.num_keys(), num_steps * num_keys);
  EXPECT_FALSE(history.is_failed());
}

TEST(KeyHistory, SolvesHandComputedThreeByTwo) {
  // 2 I + k k^T + j j^T = [[3,1,0],[1,4,1],[0,1,3]] for k = (1,1,0), j = (0,1,1).
  const at::Tensor keys_FN = matrix_of({1, 0, 1, 1, 0, 1}, 3);
  const at::Tensor expected_FN = matrix_of({4, -1, 3, 3, -1, 4}, 3) / 15.0;
  KeyHistory history = KeyHistory::over_identity(3, 2.0, test::test_device());
  EXPECT_LT((history.solve(keys_FN) - expected_FN).abs().max().item<double>(), 1e-15);
  // With k in the history (in its base already: at F = 3 one key is enough) j's column is the same.
  history.append(keys_FN.narrow(1, 0, 1));
  EXPECT_EQ(history.num_folded_keys(), 1);
  const at::Tensor second_FN = history.solve(keys_FN.narrow(1, 1, 1));
  EXPECT_LT((second_FN - expected_FN.narrow(1, 1, 1)).abs().max().item<double>(), 1e-15);
}

TEST(KeyHistory, SolvesHandComputedOpenKey) {
  // F = 4, so that one key stays open: (4 I + 2 k k^T) x = k for k = (1,1,1,1) has x = k / 12.
  KeyHistory history = KeyHistory::over_identity(4, 4.0, test::test_device());
  const at::Tensor key_FN = test::on_test_device(at::ones({4, 1}));
  EXPECT_LT((history.solve(key_FN) - 1.0 / 8.0).abs().max().item<double>(), 1e-16);
  history.append(key_FN);
  EXPECT_EQ(history.num_folded_keys(), 0);
  const at::Tensor solution_FN = history.solve(key_FN);
  EXPECT_EQ(solution_FN.scalar_type(), at::kDouble);
  EXPECT_LT((solution_FN - 1.0 / 12.0).abs().max().item<double>(), 1e-16);
}

TEST(KeyHistory, GivesThePublishedAlphaEditOverThousandsOfSteps) {
  constexpr std::int64_t kWidth = 24;
  const at::Tensor projector_FF = random_projector(kWidth, 17);
  expect_published_updates(KeyHistory::over_identity(kWidth, 0.5, test::test_device()),
                           published_alphaedit(projector_FF, 0.5), 10000, 1, 97);
  expect_published_updates(KeyHistory::over_identity(kWidth, 10.0, test::test_device()),
                           published_alphaedit(projector_FF, 10.0), 300, 10, 7);
}

TEST(KeyHistory, GivesThePublishedMemitWithEarlierKeysOverThousandsOfSteps) {
  constexpr std::int64_t kWidth = 24;
  const at::Tensor moment_FF = some_moment(kWidth);
  expect_published_updates(moment_history(moment_FF, 200.0), published_memit(moment_FF, 200.0), 3000, 1, 97);
  expect_published_updates(moment_history(moment_FF, 200.0), published_memit(moment_FF, 200.0), 300, 10, 7);
}

TEST(KeyHistory, GivesThePublishedUpdatesAcrossPanelsAndFolds) {
  // 600 wide: 300 open keys, more than a panel; steps of 7 end neither with a panel nor with a fold.
  constexpr std::int64_t kWidth = 600;
  static_assert(max_open_keys(kWidth) > kPanelKeys && kPanelKeys % 7 != 0 && max_open_keys(kWidth) % 7 != 0);
  const at::Tensor projector_FF = random_projector(kWidth, 400);
  expect_published_updates(KeyHistory::over_identity(kWidth, 1.0, test::test_device()),
                           published_alphaedit(projector_FF, 1.0), 100, 7, 14);
  const at::Tensor moment_FF = some_moment(kWidth);
  expect_published_updates(moment_history(moment_FF, 50.0), published_memit(moment_FF, 50.0), 100, 7, 14);
}

TEST(KeyHistory, WithoutKeysSolvesAsMemitDoes) {
  const at::Tensor moment_FF = some_moment(40);
  const MomentFactor factor({.moment_FF = moment_FF, .count = 1000, .factor = {}}, 0, test::test_device());
  const at::Tensor keys_FN = step_keys(40, 0, 3);
  EXPECT_LT(test::relative_difference(KeyHistory::over_moment(factor, 15.0).solve(keys_FN),
                                      factor.solve_with_keys(keys_FN, 15.0)),
            1e-12);
}

TEST(KeyHistory, TenKeysAtOnceAreTenKeysOneByOne) {
  KeyHistory at_once = KeyHistory::over_identity(64, 1.0, test::test_device());
  KeyHistory one_by_one = KeyHistory::over_identity(64, 1.0, test::test_device());
  for (std::int64_t step = 0; step < 9; ++step) {
    const at::Tensor keys_FN = step_keys(64, step, 10);
    at_once.append(keys_FN);
    for (std::int64_t i = 0; i < 10; ++i) one_by_one.append(keys_FN.narrow(1, i, 1));
  }
  // They fold at 40 and at 32 keys.
  EXPECT_NE(at_once.num_folded_keys(), one_by_one.num_folded_keys());
  const at::Tensor keys_FN = step_keys(64, 9, 10);
  EXPECT_LT(test::relative_difference(at_once.solve(keys_FN), one_by_one.solve(keys_FN)), 1e-11);
}

TEST(KeyHistory, TheSameBlocksAppendedAgainGiveTheSameBits) {
  // 600 wide: checked with one panel, with two, and behind a fold. The first history solves all along, as a run does;
  // the other only folds the keys, as a resume does.
  for (const bool has_moment : {false, true}) {
    const auto start = [&] {
      return has_moment ? moment_history(some_moment(600), 50.0)
                        : KeyHistory::over_identity(600, 1.0, test::test_device());
    };
    KeyHistory run = start();
    std::vector<at::Tensor> stored;
    for (const std::int64_t num_steps : {20, 28, 35, 70}) {
      while (static_cast<std::int64_t>(stored.size()) < num_steps) {
        const auto step = static_cast<std::int64_t>(stored.size());
        stored.push_back(step_keys(600, step, step % 4 == 0 ? 1 : 12));
        (void)run.solve(stored.back());
        run.append(stored.back());
        (void)run.solve(stored.front());
      }
      KeyHistory resumed = start();
      for (const at::Tensor& keys_FN : stored) resumed.append(keys_FN);
      EXPECT_EQ(resumed.num_folded_keys(), run.num_folded_keys());
      for (const std::int64_t num_keys : {1, 10}) {
        const at::Tensor keys_FN = step_keys(600, 1000, num_keys);
        EXPECT_TRUE(at::equal(resumed.solve(keys_FN), run.solve(keys_FN))) << num_steps << " steps";
      }
    }
    EXPECT_GT(run.num_folded_keys(), max_open_keys(600));
  }
}

/// A history that goes over many keys, one a step, and what it solved at each.
struct LongRun {
  static constexpr std::int64_t kWidth = 24;

  LongRun(bool with_moment, std::int64_t steps) : has_moment(with_moment), num_steps(steps) {
    KeyHistory history = start();
    for (std::int64_t step = 0; step < num_steps; ++step) {
      solutions.push_back(history.solve(keys(step)));
      history.append(keys(step));
    }
  }

  [[nodiscard]] KeyHistory start() const {
    return has_moment ? moment_history(moment_FF, 5.0) : KeyHistory::over_identity(kWidth, 0.5, test::test_device());
  }
  [[nodiscard]] at::Tensor keys(std::int64_t step) const { return keys_SF[step].unsqueeze(1); }
  /// True if a history that is made again from the first `from` steps' keys solves the next `num_more` alike.
  [[nodiscard]] bool goes_on(std::int64_t from, std::int64_t num_more) const {
    KeyHistory resumed = start();
    for (std::int64_t step = 0; step < from; ++step) resumed.append(keys(step));
    for (std::int64_t step = from; step < std::min(num_steps, from + num_more); ++step) {
      if (!at::equal(resumed.solve(keys(step)), solutions[static_cast<std::size_t>(step)])) return false;
      resumed.append(keys(step));
    }
    return true;
  }

  bool has_moment;
  std::int64_t num_steps;
  at::Tensor moment_FF = some_moment(kWidth);
  at::Tensor keys_SF = test::uniform_matrix("keys of a long run", num_steps, kWidth);
  std::vector<at::Tensor> solutions;
};

TEST(KeyHistory, ResumedAnywhereInTenThousandStepsGivesTheSameBits) {
  constexpr std::int64_t kFold = 12;
  static_assert(max_open_keys(LongRun::kWidth) == kFold);
  constexpr std::int64_t kTwoFolds = 2 * kFold + 1;
  const LongRun run(false, 10000);
  EXPECT_TRUE(run.goes_on(1, run.num_steps)) << "resumed after the first step";
  for (const std::int64_t fold : {kFold, 100 * kFold}) {
    for (const std::int64_t from : {fold - 1, fold, fold + 1}) {
      EXPECT_TRUE(run.goes_on(from, kTwoFolds)) << "resumed after step " << from;
    }
  }
  constexpr std::int64_t kLastFold = 9996;
  static_assert(kLastFold % kFold == 0);
  for (const std::int64_t from : {kLastFold - 1, kLastFold, std::int64_t{9999}}) {
    EXPECT_TRUE(run.goes_on(from, kTwoFolds)) << "resumed after step " << from;
  }
  const LongRun over_moment(true, 1000);
  for (const std::int64_t from : {std::int64_t{1}, kFold - 1, kFold, kFold + 1, std::int64_t{999}}) {
    EXPECT_TRUE(over_moment.goes_on(from, kTwoFolds)) << "over a moment, resumed after step " << from;
  }
}

TEST(KeyHistory, TakesFloatKeysInDoublePrecision) {
  KeyHistory history = KeyHistory::over_identity(12, 1.0, test::test_device());
  const at::Tensor keys_FN = step_keys(12, 0, 2).to(at::kFloat);
  history.append(keys_FN);
  const at::Tensor expected_FN = at::linalg_solve(
      at::eye(12, keys_FN.options().dtype(at::kDouble)) + 2.0 * keys_FN.to(at::kDouble).mm(keys_FN.to(at::kDouble).t()),
      keys_FN.to(at::kDouble));
  EXPECT_LT(test::relative_difference(history.solve(keys_FN), expected_FN), 1e-13);
}

bool is_all_nan(const at::Tensor& tensor) { return at::isnan(tensor).all().item<bool>(); }

TEST(KeyHistory, KeysThatAreNotFiniteGiveNaNAndDoNoHarm) {
  KeyHistory history = KeyHistory::over_identity(12, 1.0, test::test_device());
  history.append(step_keys(12, 0, 3));
  const at::Tensor before_FN = history.solve(step_keys(12, 1, 2));
  for (const double value :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 1e200}) {
    at::Tensor keys_FN = step_keys(12, 1, 2);
    keys_FN[5][1] = value;  // 1e200 is finite, its square is not
    EXPECT_TRUE(is_all_nan(history.solve(keys_FN))) << value;
  }
  EXPECT_FALSE(history.is_failed());
  EXPECT_TRUE(at::equal(history.solve(step_keys(12, 1, 2)), before_FN));
}

TEST(KeyHistory, AppendedKeysThatAreNotFiniteFailItForGood) {
  for (const std::int64_t num_before : {0, 3, 7}) {  // 6 keys fold at F = 12
    KeyHistory history = KeyHistory::over_identity(12, 1.0, test::test_device());
    if (num_before > 0) history.append(step_keys(12, 0, num_before));
    at::Tensor keys_FN = step_keys(12, 1, 2);
    keys_FN[5][1] = std::numeric_limits<double>::quiet_NaN();
    history.append(keys_FN);
    EXPECT_TRUE(history.is_failed());
    EXPECT_TRUE(is_all_nan(history.solve(step_keys(12, 2, 2))));
    history.append(step_keys(12, 2, 20));
    EXPECT_TRUE(history.is_failed());
    EXPECT_TRUE(is_all_nan(history.solve(step_keys(12, 2, 1))));
    EXPECT_EQ(history.num_keys(), num_before + 22);
    EXPECT_EQ(history.num_bytes(), 0);
  }
}

TEST(KeyHistory, RefusesKeysOfAnotherShapeAndABaseThatIsNone) {
  KeyHistory history = KeyHistory::over_identity(12, 1.0, test::test_device());
  EXPECT_THROW((void)history.solve(step_keys(11, 0, 1)), std::invalid_argument);
  EXPECT_THROW(history.append(step_keys(12, 0, 1).squeeze(1)), std::invalid_argument);
  EXPECT_THROW(history.append(at::empty({12, 0}, step_keys(12, 0, 1).options())), std::invalid_argument);
  for (const double weight : {0.0, -1.0, std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW((void)KeyHistory::over_identity(12, weight, test::test_device()), std::invalid_argument) << weight;
  }
}

TEST(KeyHistory, HoldsTheBytesThatThePlanForetells) {
  for (const auto base : {KeyBase::kIdentity, KeyBase::kMoment}) {
    for (const std::int64_t num_keys : {1, 90}) {
      KeyHistory history = base == KeyBase::kMoment ? moment_history(some_moment(600), 1.0)
                                                    : KeyHistory::over_identity(600, 1.0, test::test_device());
      for (std::int64_t step = 0; step * num_keys < 650; ++step) {
        const KeyHistoryShape shape{600, step * num_keys, num_keys, base};
        ASSERT_EQ(history.num_bytes(), key_history_bytes(shape)) << shape.num_keys << " keys";
        ASSERT_EQ(history.num_keys() - history.num_folded_keys(), shape.open_keys()) << shape.num_keys << " keys";
        history.append(step_keys(600, 0, num_keys));
      }
    }
  }
}

TEST(KeyHistoryCost, CountsWhatAStepAndAFoldDo) {
  // GPT-J, 1,000 open keys, one key: 6 F M + 3 M^2, and 4 F for the step's own product.
  const KeyHistoryShape open{16384, 1000, 1, KeyBase::kIdentity};
  EXPECT_DOUBLE_EQ(key_history_step_flops(open), 6.0 * 16384 * 1000 + 3.0 * 1000 * 1000 + 4.0 * 16384);
  EXPECT_DOUBLE_EQ(key_history_step_read_bytes(open), 24.0 * (16384.0 * 1000 + 500.0 * 1000));
  EXPECT_EQ(open.num_folds(), 0);
  // 10,000 keys: 8,192 of them in a dense base.
  const KeyHistoryShape folded{16384, 10000, 1, KeyBase::kIdentity};
  EXPECT_EQ(folded.num_folds(), 1);
  EXPECT_EQ(folded.open_keys(), 10000 - 8192);
  EXPECT_GT(key_history_step_flops(folded), 3.0 * 16384 * 16384);
  EXPECT_GT(key_history_bytes(folded), std::int64_t{8} * 16384 * 16384);
  EXPECT_GT(key_history_fold_bytes(folded), key_history_fold_bytes(open));
  EXPECT_DOUBLE_EQ(key_history_fold_flops(open), 16384.0 * 16384 * 16384 * (1.0 + 1.0 / 3.0));
}

}  // namespace
}  // namespace lethe::editing
