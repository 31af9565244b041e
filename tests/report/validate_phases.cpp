// Holds the search for breaks against curves whose truth is known, and runs it on the paper's published logs:
//   validate_phases [CURVES] [FOLDER OF sst_eval_data/v2]
// What it prints stands in docs/findings.md. Seeds are fixed: the same program prints the same.

#include <cstdio>
#include <cstdlib>
#include <string>

#include <spdlog/fmt/fmt.h>

#include "report/page.h"
#include "report/phases.h"
#include "tests/report/published_logs.h"
#include "tests/report/synthetic_curves.h"

namespace lethe::report {
namespace {

constexpr int kNumCurves = 1000;

std::string percent(int part, std::size_t whole) {
  return whole == 0 ? "–" : fmt::format("{:.1f}", 100.0 * part / static_cast<double>(whole));
}

Row row_of(const std::string& name, const std::string& expected, const synthetic::Outcome& outcome, bool has_truth) {
  const auto size = static_cast<std::size_t>(outcome.num_curves);
  if (!has_truth) return {name, expected, percent(outcome.num_alarmed, size), "–", "–", "–", "–"};
  return {name,
          expected,
          percent(outcome.num_alarmed, size),
          percent(outcome.num_missed, size),
          number(outcome.median_error(), 0),
          number(outcome.error_of_nine_tenths(), 0),
          percent(outcome.num_covered, outcome.errors.size())};
}

Table empty_table() {
  return {"outcomes",
          "",
          {"kind", "expected", "alarms %", "missed %", "median error", "90 % error", "interval holds %"},
          {},
          2};
}

void print_synthetic(int count) {
  constexpr const char* kExpected[] = {"none", "break", "(shown)"};
  Table curves = empty_table();
  for (const auto& kind : synthetic::kinds()) {
    const auto outcome = synthetic::try_kind(kind, count);
    const bool has_truth = outcome.num_missed > 0 || !outcome.errors.empty();
    curves.rows.push_back(row_of(kind.name, kExpected[static_cast<std::size_t>(kind.expected)], outcome, has_truth));
  }
  std::printf("%d curves of each kind\n\n%s\n", count, markdown_of(curves).c_str());
  Table cells = empty_table();
  for (const auto& kind : synthetic::cell_kinds()) {
    const bool has_truth = !kind.breaking.empty();
    cells.rows.push_back(
        row_of(kind.name, has_truth ? "break" : "none", synthetic::try_cell_kind(kind, count), has_truth));
  }
  std::printf("%d cells of each kind, four indicators each\n\n%s\n", count, markdown_of(cells).c_str());
}

std::string listed(const std::vector<Break>& breaks) {
  std::string text;
  for (const Break& found : breaks) {
    text += fmt::format("{}{}-{} ({:.0f}, {:.3f})", text.empty() ? "" : ", ", found.after, found.by, found.fall(),
                        found.confidence);
  }
  return text.empty() ? "none" : text;
}

std::string edit_text(const std::optional<std::int64_t>& edit) { return edit ? std::to_string(*edit) : "–"; }

void print_published(const std::filesystem::path& folder) {
  Table table{"published",
              "",
              {"sample", "under half", "at zero", "point", "confidence", "breaks of SST-2 (points, confidence)",
               "breaks of the distance"},
              {},
              1};
  for (const PublishedRun& run : read_published_runs(folder)) {
    const auto point = shared_point(run.indicators);
    std::string distances;
    for (const Break& found : run.indicators.back().search.breaks) {
      distances += fmt::format("{}{}-{}", distances.empty() ? "" : ", ", found.after, found.by);
    }
    table.rows.push_back({run.sample, edit_text(run.half_at), edit_text(run.zero_at),
                          point ? fmt::format("{}-{}", point->after, point->by) : "none",
                          point ? number(point->confidence, 3) : "–", listed(run.indicators.front().search.breaks),
                          distances.empty() ? "none" : distances});
  }
  std::printf("%s\n", markdown_of(table).c_str());
}

}  // namespace
}  // namespace lethe::report

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : lethe::report::kNumCurves;
  lethe::report::print_synthetic(count);
  if (argc > 2) lethe::report::print_published(argv[2]);
  return 0;
}
