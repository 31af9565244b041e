#include "report/disabling_cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace lethe::report {
namespace {

using testing::ElementsAre;
using testing::IsSupersetOf;
using testing::Pair;

/// Edits 1.. of cases 100.. with the given norms; a negative one was not applied.
CellHistory history(const std::string& method, int sample, const std::vector<double>& norms, std::int64_t first_case) {
  CellHistory history;
  history.cell = {method, "m", sample};
  for (const double norm : norms) {
    core::MetricRecord record;
    record.edit = std::ssize(history.records) + 1;
    record.case_id = first_case + record.edit - 1;
    record.diagnostics["delta_norm"] = norm;
    if (norm < 0.0) record.status = core::EditStatus::kNonFinite;
    history.records.push_back(record);
  }
  return history;
}

TEST(DisablingCases, TheLargestUpdatesAreOfEachMethodOverAllSamples) {
  const std::vector<CellHistory> histories{history("rome", 0, {3, 9, 1}, 100), history("rome", 1, {5, 4}, 200),
                                           history("memit", 0, {2, 0.5}, 300)};
  EXPECT_THAT(found_by_norm(histories, 2), ElementsAre(Pair(101, "update norm 9 in rome/m/sample0 (edit 2)"),
                                                       Pair(200, "update norm 5 in rome/m/sample1 (edit 1)"),
                                                       Pair(300, "update norm 2 in memit/m/sample0 (edit 1)"),
                                                       Pair(301, "update norm 0.5 in memit/m/sample0 (edit 2)")));
}

TEST(DisablingCases, ACaseOfSeveralOrdersCountsOnceByItsLargestUpdate) {
  const std::vector<CellHistory> histories{history("rome", 0, {3, 8}, 100), history("rome", 1, {7, 9}, 100)};
  EXPECT_THAT(found_by_norm(histories, 2), ElementsAre(Pair(100, "update norm 7 in rome/m/sample1 (edit 1)"),
                                                       Pair(101, "update norm 9 in rome/m/sample1 (edit 2)")));
}

TEST(DisablingCases, EditsWithoutAnUpdateAreNotAmongThem) {
  const std::vector<CellHistory> histories{history("rome", 0, {-50, 2}, 100)};
  EXPECT_THAT(found_by_norm(histories, 5), ElementsAre(Pair(101, testing::_)));
}

TEST(DisablingCases, NoPointNamesNoEdit) {
  EXPECT_TRUE(found_behind_points(std::vector{history("rome", 0, {1, 1, 1}, 100)}).empty());
}

TEST(DisablingCases, RandomOnesAreDrawnWithoutTheChosenBySeed) {
  std::vector<std::int64_t> pool;
  for (std::int64_t id = 0; id < 400; ++id) pool.push_back(id);
  const Reasons chosen{{7, "named"}, {8, "named"}};
  const auto ten = draw_normal(pool, chosen, 10, 37);
  ASSERT_EQ(ten.size(), 10U);
  EXPECT_TRUE(std::ranges::is_sorted(ten));
  EXPECT_EQ(draw_normal(pool, chosen, 10, 37), ten);
  EXPECT_NE(draw_normal(pool, chosen, 10, 38), ten);
  EXPECT_THAT(draw_normal(pool, chosen, 20, 37), IsSupersetOf(ten)) << "more of them keep those that there were";
  std::ranges::reverse(pool);
  EXPECT_EQ(draw_normal(pool, chosen, 10, 37), ten) << "whatever the order of the pool";
  const auto all = draw_normal(pool, chosen, 1000, 37);
  EXPECT_EQ(all.size(), 398U);
  EXPECT_EQ(std::ranges::count(all, 7) + std::ranges::count(all, 8), 0);
}

TEST(DisablingCases, TheDrawIsEven) {
  std::vector<std::int64_t> pool;
  for (std::int64_t id = 0; id < 1000; ++id) pool.push_back(id);
  double sum = 0.0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    for (const auto id : draw_normal(pool, {}, 10, seed)) sum += static_cast<double>(id);
  }
  EXPECT_NEAR(sum / 2000.0, 499.5, 4 * 288.7 / std::sqrt(2000.0));
}

TEST(DisablingCases, ASelectionComesBackFromItsText) {
  const Selection selection{
      5, {{3, "Ada \"the\" Countess", "named; behind rome/m/sample0's point (edit 9)"}, {4, "Bo", ""}}};
  EXPECT_EQ(selection_from_json(to_json(selection), "x"), selection);
  EXPECT_EQ(to_json(selection).find("notes"), std::string::npos) << "a folder that has none keeps its text";
  EXPECT_TRUE(selection.cases[0].is_chosen());
  EXPECT_FALSE(selection.cases[1].is_chosen());
  try {
    static_cast<void>(selection_from_json(R"({"seed": 1, "cases": [{"case_id": 1, "subject": 2, "found": ""}]})", "f"));
    FAIL() << "taken";
  } catch (const core::StorageError& error) {
    EXPECT_STREQ(error.what(), "f: cases[0]: subject: expected a text");
  }
}

TEST(DisablingCases, NotesOfASelectionComeBackFromItsText) {
  const Selection selection{5, {{3, "Ada", "named"}}, {"rome/m/sample0: 1 of 2 edits", "\xff"}};
  EXPECT_THAT(selection_from_json(to_json(selection), "x").notes,
              ElementsAre("rome/m/sample0: 1 of 2 edits", "\ufffd"));
  try {
    static_cast<void>(selection_from_json(R"({"seed": 1, "cases": [], "notes": ["a", 2]})", "f"));
    FAIL() << "taken";
  } catch (const core::StorageError& error) {
    EXPECT_STREQ(error.what(), "f: notes: expected texts");
  }
}

}  // namespace
}  // namespace lethe::report
