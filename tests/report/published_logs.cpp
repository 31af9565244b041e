#include "tests/report/published_logs.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace lethe::report {
namespace {

double variance_of(double right, double all) {
  const double share = (right + 1.0) / (all + 2.0);
  return 1e4 * share * (1.0 - share) / all;
}

double total_distance(const nlohmann::json& point) {
  double squares = 0.0;
  for (const auto& distance : point.at("distance_from_original")) squares += std::pow(distance.get<double>(), 2.0);
  return std::sqrt(squares);
}

PublishedRun read_run(const std::filesystem::path& path) {
  std::ifstream stream(path);
  const auto log = nlohmann::json::parse(stream);
  const auto& unedited = log.at("original_model");
  const auto all = unedited.at("total").get<double>();
  const auto baseline = unedited.at("correct").get<double>();
  PublishedRun run;
  Indicator f1{IndicatorKind::kF1, {}, {}, {}};
  Indicator distance{IndicatorKind::kDistance, {}, {}, {}};
  distance.curve.break_fall = 1.0;
  f1.curve.add(0, 100.0 * baseline / all, variance_of(baseline, all));
  for (const auto& [key, points] : log.items()) {
    if (key == "original_model") continue;
    run.sample = key.substr(key.find('_') + 1);
    for (const auto& point : points) {
      const auto edits = point.at("element_num").get<std::int64_t>() + 1;
      const auto right = point.at("correct").get<double>();
      f1.curve.add(edits, 100.0 * right / all, variance_of(right, all));
      distance.curve.add(edits, -std::log2(total_distance(point) / static_cast<double>(edits)), 0.0025);
      if (!run.half_at && right < 0.5 * baseline) run.half_at = edits;
      if (!run.zero_at && right == 0.0) run.zero_at = edits;
    }
  }
  f1.search = find_breaks(f1.curve);
  distance.search = find_breaks(distance.curve);
  run.indicators = {f1, distance};
  return run;
}

}  // namespace

std::vector<PublishedRun> read_published_runs(const std::filesystem::path& folder) {
  std::vector<PublishedRun> runs;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") runs.push_back(read_run(entry.path()));
  }
  std::ranges::sort(runs, {}, &PublishedRun::sample);
  return runs;
}

}  // namespace lethe::report
