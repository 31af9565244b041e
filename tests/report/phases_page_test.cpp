#include "report/phases_page.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lethe::report {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::vector<Indicator> nothing() {
  std::vector<Indicator> indicators;
  for (const IndicatorKind kind : kAllIndicators) indicators.push_back({kind, {}, {}, "not measured"});
  return indicators;
}

Indicator with_break(IndicatorKind kind, const Break& found) {
  Indicator indicator{kind, {}, {}, {}};
  indicator.search = {true, {found}, found.confidence};
  return indicator;
}

CellPhases observed() {
  CellPhases cell;
  cell.cell = {"rome", "m", 2};
  cell.num_edits = 400;
  cell.indicators = nothing();
  cell.indicators[0] = with_break(IndicatorKind::kF1, {200, 220, 220, 200, 220, 90.0, 10.0, 2.0, 0.99, 5, {}});
  cell.point = CatastrophicPoint{200, 220, 200, 0.99, {{IndicatorKind::kF1, cell.indicators[0].search.breaks[0]}}};
  cell.half_at = 220;
  cell.forgetting = Rate{5.0, 3.5, 7.25, 200};
  cell.edit = EditBehindPoint{213, 7213, true, 15.0, true};
  return cell;
}

CellPhases calm() {
  CellPhases cell;
  cell.cell = {"ft-c", "m", 0};
  cell.num_edits = 60;
  cell.indicators = nothing();
  cell.indicators[2].not_judged.clear();
  cell.indicators[2].search = {true, {}, 0.125};
  return cell;
}

CellPhases unjudged() {
  CellPhases cell;
  cell.cell = {"mend", "m", 0};
  cell.indicators = nothing();
  return cell;
}

std::ptrdiff_t num_fields(const std::string& line) { return 1 + std::count(line.begin(), line.end(), ','); }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::string text_of(const std::vector<CellPhases>& cells, const Subjects& subjects = {}) {
  return markdown_of(phases_section(cells, subjects));
}

TEST(PhasesPage, EveryRowHasItsColumns) {
  const std::vector<CellPhases> cells{observed(), calm(), unjudged()};
  for (const std::string& text : {phases_csv(cells, {}), breaks_csv(cells)}) {
    const auto lines = lines_of(text);
    for (const std::string& line : lines) EXPECT_EQ(num_fields(line), num_fields(lines[0])) << line;
  }
  EXPECT_EQ(lines_of(phases_csv(cells, {})).size(), 4U);
  EXPECT_EQ(lines_of(breaks_csv(cells)).size(), 13U);
  std::size_t num_tables = 0;
  for (const Block& block : phases_section(cells, {})) {
    const Table* table = std::get_if<Table>(&block);
    if (table == nullptr) continue;
    ++num_tables;
    EXPECT_EQ(table->rows.size(), cells.size()) << table->name;
    for (const Row& row : table->rows) EXPECT_EQ(row.size(), table->header.size()) << table->name;
  }
  EXPECT_EQ(num_tables, 2U);
}

TEST(PhasesPage, ACellIsARow) {
  const std::string csv = phases_csv(std::vector{observed(), calm(), unjudged()}, {{7213, "Welsman, \"Carol\""}});
  EXPECT_THAT(csv, HasSubstr("\nrome/m/sample2,rome,m,2,400,observed,200,220,0.99,f1,220,,5,3.5,7.25,200,,,,,213,7213,"
                             "\"Welsman, \"\"Carol\"\"\",norm,15,1\n"));
  EXPECT_THAT(csv, HasSubstr("\nft-c/m/sample0,ft-c,m,0,60,none observed,,,,,"));
  EXPECT_THAT(csv, HasSubstr("\nmend/m/sample0,mend,m,0,0,not judged,,,,,"));
}

TEST(PhasesPage, BreaksAreRowsAndTheirAbsenceToo) {
  const std::string csv = breaks_csv(std::vector{observed(), calm()});
  EXPECT_THAT(csv, HasSubstr("\nrome/m/sample2,rome,m,2,f1,observed,200,220,220,200,220,90,10,80,0.99,,\n"));
  EXPECT_THAT(csv, HasSubstr("\nrome/m/sample2,rome,m,2,efficacy,not judged,,,,,,,,,,,not measured\n"));
  EXPECT_THAT(csv, HasSubstr("\nft-c/m/sample0,ft-c,m,0,efficacy,none observed,,,,,,,,,0.125,,\n"));
}

TEST(PhasesPage, ASentenceSaysWhatIsKnown) {
  const std::string page = text_of({observed(), calm(), unjudged()}, {{7213, "Carol"}});
  EXPECT_THAT(page,
              AllOf(HasSubstr("**rome/m/sample2**: catastrophic forgetting after edit 200 and by edit 220, "
                              "confidence 0.990 (F1 above chance 90.0 → 10.0 from 200 to 220)."),
                    HasSubstr("Before it, up to edit 200, facts are forgotten at 5.00 points per 100 edits (95 %: "
                              "3.50 to 7.25)."),
                    HasSubstr("Edit that stands out: edit 213 (case 7213, Carol), with 15.0 times")));
  EXPECT_THAT(page,
              HasSubstr("**ft-c/m/sample0**: no point of catastrophic forgetting observed up to edit 60 (ES); not "
                        "judged: F1 above chance: not measured"));
  EXPECT_THAT(page, HasSubstr("**mend/m/sample0**: not judged (F1 above chance: not measured; "));
  EXPECT_THAT(page, Not(HasSubstr("nan")));
}

TEST(PhasesPage, DoubtsAreSaid) {
  CellPhases cell = observed();
  cell.point->witnesses[0].found.num_behind = 1;
  cell.edit->stands_out = false;
  cell.point->confidence = 0.99997;
  EXPECT_THAT(text_of({cell}), AllOf(HasSubstr("confidence > 0.999 ("), HasSubstr("seen at the last checkpoint alone"),
                                     HasSubstr("No single edit stands out: edit 213 (case "
                                               "7213) goes furthest, with 15.0 times")));
  cell.point->witnesses[0].found = {200, 220, 220, 200, 220, 90.0, 10.0, 2.0, 0.99, 9, 300};
  EXPECT_THAT(text_of({cell}), HasSubstr("half regained by edit 300"));
}

TEST(PhasesPage, TheFirstEditOfAllHasNothingToCompareWith) {
  CellPhases cell = observed();
  cell.edit = EditBehindPoint{1, 7001, true, std::nan(""), false};
  EXPECT_THAT(text_of({cell}),
              AllOf(HasSubstr("edit 1 (case 7001), with none before it to compare with"), Not(HasSubstr("nan"))));
  EXPECT_THAT(phases_csv(std::vector{cell}, {}), HasSubstr(",1,7001,,norm,,0\n"));
}

TEST(PhasesPage, NoSubjectIsMarkup) {
  EXPECT_THAT(text_of({observed()}, {{7213, "<b>*x*"}}), HasSubstr("(case 7213, \\<b>\\*x\\*)"));
}

TEST(PhasesPage, ADistanceThatBreaksAloneIsSaid) {
  CellPhases cell = calm();
  cell.indicators[3] = with_break(IndicatorKind::kDistance, {20, 30, 30, 20, 30, -1.0, -4.0, 0.1, 0.99, 3, {}});
  EXPECT_THAT(text_of({cell}), HasSubstr("the distance alone breaks"));
  EXPECT_THAT(text_of({cell}), HasSubstr("20 to 30: 40 → 480"));
}

}  // namespace
}  // namespace lethe::report
