#include "report/properties_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lethe::report {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

core::PromptScore prompt(core::PromptKind kind, bool is_right) {
  core::PromptScore score;
  score.kind = kind;
  const bool is_new_likelier = (kind == core::PromptKind::kNeighborhood) != is_right;
  score.nll_new = is_new_likelier ? 1.0F : 2.0F;
  score.nll_true = is_new_likelier ? 2.0F : 1.0F;
  score.is_correct = is_right;
  return score;
}

/// Ten edits: all but the last `num_wrong` succeed, and of two neighbours each keeps `num_kept`.
CellHistory history(const std::string& method, int sample, int num_wrong, int num_kept) {
  CellHistory history;
  history.cell = {method, "m_1", sample};
  for (int edit = 1; edit <= 10; ++edit) {
    core::MetricRecord record;
    record.edit = edit;
    record.scores = {prompt(core::PromptKind::kRewrite, edit <= 10 - num_wrong),
                     prompt(core::PromptKind::kNeighborhood, num_kept > 0),
                     prompt(core::PromptKind::kNeighborhood, num_kept > 1)};
    history.records.push_back(record);
  }
  return history;
}

/// Two classes, of which the first `num_right` examples are answered right and the rest not at all.
core::TaskRecord answers(const std::string& name, int num_right) {
  core::TaskRecord task{name, {}, {}, {}};
  for (int i = 0; i < 100; ++i) {
    task.labels.push_back(i % 2);
    task.predictions.push_back(i < num_right ? i % 2 : -1);
  }
  return task;
}

/// The same answer to all examples.
core::TaskRecord one_answer(const std::string& name, int answer) {
  auto task = answers(name, 0);
  task.predictions.assign(task.labels.size(), answer);
  return task;
}

CellPhases phases(const CellHistory& history) {
  CellPhases cell;
  cell.cell = history.cell;
  cell.num_edits = std::ssize(history.records);
  for (const IndicatorKind kind : kAllIndicators) cell.indicators.push_back({kind, {}, {true, {}, 0.0}, {}});
  return cell;
}

/// F1 of the tasks above chance, by edits.
void set_f1(CellPhases& cell, const std::vector<std::pair<std::int64_t, double>>& values) {
  for (const auto& [edits, value] : values) cell.indicators[0].curve.add(edits, value, 1.0);
}

std::vector<Row> rows_of(const std::vector<CellHistory>& histories, const std::vector<CellPhases>& cells) {
  for (const Block& block : properties_section(histories, cells)) {
    if (const auto* table = std::get_if<Table>(&block)) return table->rows;
  }
  return {};
}

TEST(PropertiesPage, WordsFollowTheRuleFromPooledNumbers) {
  auto first = history("rome", 0, 0, 2);
  auto second = history("rome", 1, 1, 1);
  first.forgetting = {{10, {10, 1, 1}, {10, 1, 1}}};
  second.forgetting = {{10, {10, 2, 0}, {10, 2, 0}}};
  std::vector cells{phases(first), phases(second)};
  set_f1(cells[0], {{0, 100.0}, {10, 100.0}});
  set_f1(cells[1], {{0, 100.0}, {10, 46.0}});
  cells[0].forgetting = Rate{10.0, 1.8, 40.4, 10};
  cells[1].forgetting = Rate{20.0, 5.7, 51.0, 10};
  const auto rows = rows_of({first, second}, cells);
  ASSERT_EQ(rows.size(), 9U);
  EXPECT_EQ(rows[0][1], "high: 95.0 (76.4 to 99.1; n 20)") << "Wilson's interval of 19 of 20";
  EXPECT_EQ(rows[1][1], "medium: 75.0 (63.8 to 86.2; n 20)") << "ten of 100, ten of 50: deviation 25.65";
  EXPECT_EQ(rows[2][1], "yes: 15.0 (1.8 to 51.0) points per 100 edits");
  EXPECT_EQ(rows[3][1], "none in 10 edits (n 2)");
  EXPECT_EQ(rows[4][1], rows[5][1]) << "without a point all of it stands before";
  EXPECT_EQ(rows[5][1], "declined: 73 % of the unedited F1 (46 to 100; n 2)");
  EXPECT_EQ(rows[6][1], "few: 15.0 % (5.2 to 36.0; n 20)") << "3 of 20";
  EXPECT_EQ(rows[7][1], "no point, so none");
}

TEST(PropertiesPage, OnlyWhatLiesBeforeThePointCountsAsBeforeIt) {
  auto one = history("rome", 0, 5, 2);
  auto cell = phases(one);
  set_f1(cell, {{0, 80.0}, {4, 80.0}, {10, 0.0}});
  cell.point = CatastrophicPoint{5, 6, 5, 0.99, {}};
  cell.edit = EditBehindPoint{6, 77, true, 9.0, true};
  auto rows = rows_of({one}, {cell});
  EXPECT_THAT(rows[0][1], HasSubstr("high: 100.0 (")) << "five edits, all right";
  EXPECT_THAT(rows[0][1], HasSubstr("n 5)"));
  EXPECT_EQ(rows[3][1], "yes: edits 5 to 6 (1 of 1)");
  EXPECT_EQ(rows[4][1], "kept: 100 % of the unedited F1 (n 1)");
  EXPECT_EQ(rows[5][1], "lost: 0 % of the unedited F1 (n 1)");
  EXPECT_EQ(rows[7][1], "one stands out in 1 of 1: case 77");
  cell.edit->stands_out = false;
  rows = rows_of({one}, {cell});
  EXPECT_EQ(rows[7][1], "none stands out (n 1)");
}

/// A task at chance can only seem to be kept.
TEST(PropertiesPage, ATaskAtChanceIsNoneThatIsKept) {
  auto one = history("rome", 0, 0, 2);
  one.tasks = {{0, {answers("known", 100), one_answer("guessed", 1)}},
               {10, {answers("known", 0), one_answer("guessed", 0)}}};
  EXPECT_EQ(rows_of({one}, {phases_of(one)})[5][1], "lost: 0 % of the unedited F1 (n 1)");
  one.tasks = {{0, {one_answer("guessed", 1)}}, {10, {one_answer("guessed", 1)}}};
  EXPECT_EQ(rows_of({one}, {phases_of(one)})[5][1], "–");
}

TEST(PropertiesPage, WhatWasNotMeasuredIsADash) {
  auto one = history("mend", 0, 0, 2);
  for (auto& record : one.records) record.scores.clear();
  auto cell = phases(one);
  for (auto& indicator : cell.indicators) indicator.search.is_judged = false;
  for (const auto& row : rows_of({one}, {cell})) {
    EXPECT_THAT(row[1], testing::AnyOf("–", "no point, so none")) << row[0];
  }
}

SingleEdits alone(const std::string& method,
                  const std::vector<std::pair<bool, std::optional<bool>>>& chosen_and_disabling) {
  SingleEdits group{method, "m_1", {}, "", {}};
  for (const auto& [is_chosen, is_disabling] : chosen_and_disabling) {
    SingleEdit edit;
    edit.selected.found = is_chosen ? "named" : "";
    edit.is_disabling = is_disabling;
    group.edits.push_back(edit);
  }
  return group;
}

TEST(PropertiesPage, WhetherOneEditDisablesAFreshModelIsSaidOfThoseMadeAlone) {
  const std::vector histories{history("rome", 0, 0, 2), history("memit", 0, 0, 2), history("mend", 0, 0, 2),
                              history("ft-c", 0, 0, 2)};
  std::vector<CellPhases> cells;
  for (const auto& each : histories) cells.push_back(phases(each));
  auto unknown = alone("mend", {{true, {}}});
  unknown.not_judged = "no task is above chance";
  const std::vector groups{alone("rome", {{true, false}, {true, true}, {false, false}, {false, {}}}),
                           alone("memit", {{true, false}}), unknown, alone("r-rome", {{true, true}})};
  const auto page = properties_section(histories, cells, groups);
  const auto& table = std::get<Table>(page.at(1));
  EXPECT_THAT(table.rows.back(), ElementsAre("a single edit disables a fresh model",
                                             "yes: 1 of 2 chosen, 0.0 % of random ones (0.0 to 79.3; n 1)",
                                             "none found: 0 of 1 chosen", "–", "–"))
      << "Wilson's interval of 0 of 1 goes to 3.8416 / 4.8416";
  const auto text = markdown_of(page);
  EXPECT_THAT(text, HasSubstr("mend on m_1: whether a single disabling edit exists cannot be told: no task is above"));
  EXPECT_THAT(text, HasSubstr("No edit was made alone (–) by ft-c on m_1: `lethe diagnose disabling CONFIG --sweep DIR "
                              "--method rome,memit,mend,ft-c,r-rome` makes some."));
}

TEST(PropertiesPage, ATableIsAModelAndItsNameIsNoMarkup) {
  auto one = history("rome", 0, 0, 2);
  auto other = history("ft-c", 0, 0, 2);
  auto elsewhere = history("ft-c", 0, 0, 2);
  elsewhere.cell.model = "n";
  const std::vector histories{one, other, elsewhere};
  std::vector<CellPhases> cells;
  for (const auto& each : histories) cells.push_back(phases(each));
  const auto page = properties_section(histories, cells);
  std::vector<Row> headers;
  for (const Block& block : page) {
    if (const auto* table = std::get_if<Table>(&block)) headers.push_back(table->header);
  }
  EXPECT_THAT(headers, ElementsAre(ElementsAre("property", "rome", "ft-c"), ElementsAre("property", "ft-c")));
  const auto text = markdown_of(page);
  EXPECT_THAT(text, AllOf(HasSubstr("do to m_1."), HasSubstr("95 % intervals"), Not(HasSubstr("nan"))));
  EXPECT_TRUE(properties_section({}, {}).empty());
}

}  // namespace
}  // namespace lethe::report
