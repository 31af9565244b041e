#include "report/monitor.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "report/cell_curves.h"
#include "report/cell_quantities.h"
#include "report/figures.h"
#include "report/monitor_page.h"
#include "report/report.h"
#include "tests/report/fake_sweep.h"

namespace lethe::report {
namespace {

using testing::AllOf;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

const storage::Curve* find(const std::vector<storage::Curve>& curves, const std::string& metric) {
  const auto found = std::ranges::find(curves, metric, &storage::Curve::metric);
  return found == curves.end() ? nullptr : &*found;
}

TEST(MonitorPoint, PerplexityIsOfAllTokensTogether) {
  const auto point = monitor_point(30, {{}, {{1, 4.0, 1.0}, {3, 4.0, 5.0}}});
  EXPECT_EQ(point.num_tokens, 4);
  EXPECT_DOUBLE_EQ(point.perplexity, std::exp(2.0)) << "not the mean over documents";
  EXPECT_DOUBLE_EQ(point.unedited_perplexity, std::exp(1.5));
  EXPECT_FALSE(monitor_point(30, {{{"w", 1.0, 2.0, 3.0, 3.0}}}).has_text());
  EXPECT_TRUE(std::isnan(monitor_point(30, {{}, {{1, kNotANumber, 1.0}}}).perplexity));
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_TRUE(monitor_point(30, {{}, {{kMost, 1.0, 1.0}, {kMost, 1.0, 1.0}}}).has_text());
}

TEST(SpectralRatio, OfSeveralWeightsIsTheLargestAndNoNumberWhereOneIsNone) {
  EXPECT_EQ(largest_spectral_ratio(monitor_point(1, {{{"a", 1.0, 4.0, 5.0, 5.0}, {"b", 3.0, 2.0, 5.0, 5.0}}})), 1.5);
  EXPECT_EQ(
      largest_spectral_ratio(monitor_point(1, {{{"a.weight", 1.0, 4.0, 5.0, 5.0}, {"a.bias", 3.0, 0.0, 5.0, 0.0}}})),
      0.25)
      << "a bias counts for nothing";
  EXPECT_TRUE(std::isnan(largest_spectral_ratio(monitor_point(1, {{}}))));
  for (const bool is_first : {true, false}) {
    core::MonitorRecord record{{{"a", 1.0, 4.0, 5.0, 5.0}}};
    record.norms.insert(is_first ? record.norms.begin() : record.norms.end(), {"b", kNotANumber, 2.0, 5.0, 5.0});
    EXPECT_TRUE(std::isnan(largest_spectral_ratio(monitor_point(1, record)))) << is_first;
  }
}

TEST(MonitorCurves, BeginWithTheUneditedModel) {
  CellHistory history;
  history.monitor = {monitor_point(10, {{{"w", 1.0, 4.0, 6.0, 5.0}}, {{2, 4.0, 2.0}}}),
                     monitor_point(20, {{{"w", 2.0, 4.0, 7.0, 5.0}, {"v", 1.0, 1.0, 2.0, 2.5}}, {{2, 8.0, 2.0}}})};
  const auto curves = cell_curves(history, {});
  EXPECT_THAT(find(curves, "spectral_ratio.w")->edits, ElementsAre(0, 10, 20));
  EXPECT_THAT(find(curves, "spectral_ratio.w")->values, ElementsAre(0.0, 0.25, 0.5));
  EXPECT_THAT(find(curves, "spectral_norm.w")->values, ElementsAre(0.0, 1.0, 2.0));
  EXPECT_THAT(find(curves, "frobenius_norm.w")->values, ElementsAre(5.0, 6.0, 7.0));
  EXPECT_THAT(find(curves, "frobenius_norm.v")->edits, ElementsAre(0, 20)) << "edited later";
  EXPECT_THAT(find(curves, "perplexity.fixed_text")->edits, ElementsAre(0, 10, 20));
  EXPECT_THAT(find(curves, "perplexity.fixed_text")->values,
              ElementsAre(DoubleNear(std::exp(1.0), 1e-12), DoubleNear(std::exp(2.0), 1e-12),
                          DoubleNear(std::exp(4.0), 1e-12)));
  for (auto& point : history.monitor) point.num_tokens = 0;
  EXPECT_EQ(find(cell_curves(history, {}), "perplexity.fixed_text"), nullptr);
}

TEST(MonitorSection, TellsOfEachWeightAndOfTheText) {
  CellHistory history;
  history.cell = {"memit", "m", 3};
  history.monitor_text = "held-out.txt";
  history.monitor = {monitor_point(10, {{{"w", 1.0, 4.0, 6.0, 5.0}}, {{2, 2.0, 2.0}}}),
                     monitor_point(20, {{{"w", 3.0, 4.0, 7.5, 5.0}}, {{2, 2e4, 2.0}}})};
  const auto page = markdown_of(monitor_section(std::span(&history, 1)));
  EXPECT_THAT(page, AllOf(HasSubstr("memit/m/sample3"), HasSubstr("0.75"), HasSubstr("1.5"), HasSubstr("held-out.txt"),
                          HasSubstr("2.718 → > 1e308")));
  EXPECT_THAT(page, Not(HasSubstr("0.25"))) << "of edit 10";
  history.monitor.back().num_tokens = 0;
  EXPECT_THAT(markdown_of(monitor_section(std::span(&history, 1))), Not(HasSubstr("held-out.txt")));
  EXPECT_TRUE(monitor_section({}).empty());
}

TEST(MonitorQuantities, AreThoseOfTheLastPoint) {
  CellHistory history;
  const auto value_of = [&](const std::string& name) {
    for (const auto& one : quantities_of(history, {})) {
      if (one.name == name) return one.value;
    }
    return -1.0;
  };
  EXPECT_EQ(value_of("spectral_ratio"), -1.0);
  history.monitor = {monitor_point(10, {{{"w", 1.0, 4.0, 6.0, 5.0}}, {{2, 4.0, 2.0}}}),
                     monitor_point(20, {{{"w", 2.0, 4.0, 6.0, 5.0}}, {{2, 8.0, 2.0}}})};
  EXPECT_EQ(value_of("spectral_ratio"), 0.5);
  EXPECT_DOUBLE_EQ(value_of("perplexity.fixed_text"), std::exp(4.0));
  history.monitor.back().num_tokens = 0;
  EXPECT_EQ(value_of("perplexity.fixed_text"), -1.0);
}

/// A sweep's folder with a monitor, reported whole.
TEST(MonitorReport, ShowsItInCurvesSummaryAndTheCoursesFigure) {
  const test::TemporaryFolder sweep;
  const ledger::SweepFolder folder(sweep.path());
  auto config = fake::experiment({"rome"}, {"tiny"}, 1, 60);
  config.monitor_every = 30;
  config.monitor_text = "/elsewhere/held-out.txt";
  fake::write_experiment(folder, config);
  fake::commit_baseline(folder, config, "tiny");
  fake::commit_cell(folder, config, config.cells[0], {}, 60);
  ReportOptions options;
  options.figures = {{"png"}, "page"};
  const auto result = write_report(sweep.path(), editing::catalogue(), options);
  const auto summary = test::read_text(result.folder / "summary.md");
  EXPECT_THAT(summary, AllOf(HasSubstr("## Monitor"), HasSubstr("held-out.txt"), HasSubstr("7.389 → 9.393")));
  EXPECT_THAT(test::read_text(result.folder / "curves.csv"),
              AllOf(HasSubstr(",perplexity.fixed_text,0,7.38"), HasSubstr(",perplexity.fixed_text,60,9.39"),
                    HasSubstr("spectral_ratio.transformer.h.1.mlp.c_proj.weight,60,0.015")));
  auto caption = test::read_text(result.folder / "figures/samples/course-rome-tiny-sample0.txt");
  std::ranges::replace(caption, '\n', ' ');
  EXPECT_THAT(caption, AllOf(HasSubstr("(e) Largest singular value"), HasSubstr("(f) Perplexity of a fixed text")));
}

/// A run that asks for no monitor gives it no identity either; what an earlier run measured stays shown.
TEST(MonitorReport, StaysWhereALaterRunAsksForNoneAnyMore) {
  const test::TemporaryFolder sweep;
  const ledger::SweepFolder folder(sweep.path());
  auto config = fake::experiment({"rome"}, {"tiny"}, 1, 60);
  config.monitor_every = 30;
  fake::commit_baseline(folder, config, "tiny");
  fake::commit_cell(folder, config, config.cells[0], {}, 60);
  config.monitor_every = 0;
  fake::write_experiment(folder, config);
  auto inspection = fake::inspection(config);
  for (auto& facts : inspection.cells) facts.reduction_identities.erase(core::ReductionPart::kMonitor);
  ledger::replace_text(folder.inspection(), core::to_json(inspection));
  const auto result = write_report(sweep.path(), editing::catalogue(), {false, {}});
  EXPECT_THAT(result.remarks.notes, testing::IsEmpty());
  EXPECT_THAT(test::read_text(result.folder / "summary.md"), HasSubstr("## Monitor"));
}

}  // namespace
}  // namespace lethe::report
