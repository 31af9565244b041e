#include "orchestrator/scheduling/hang_detector.h"

#include <algorithm>
#include <vector>

namespace lethe::orchestrator::inline scheduling {
namespace {

constexpr std::size_t kWindow = 128;
constexpr double kFactor = 8.0;
constexpr double kLoadFloors = 10.0;
constexpr double kOtherFloors = 5.0;

double percentile_95(const std::deque<double>& durations) {
  if (durations.empty()) return 0.0;
  std::vector<double> sorted(durations.begin(), durations.end());
  const auto index = static_cast<std::ptrdiff_t>(0.95 * static_cast<double>(sorted.size() - 1) + 0.5);
  std::nth_element(sorted.begin(), sorted.begin() + index, sorted.end());
  return sorted[static_cast<std::size_t>(index)];
}

}  // namespace

void HangDetector::begin(const std::string& kind, double expected_step_seconds, double now_seconds) {
  kind_ = kind;
  stage_ = "load";
  expected_step_seconds_ = expected_step_seconds;
  last_seconds_ = now_seconds;
}

void HangDetector::progress(const std::string& stage, double seconds, double now_seconds) {
  stage_ = stage;
  last_seconds_ = now_seconds;
  auto& durations = steps_[kind_ + " " + stage];
  durations.push_back(seconds);
  if (durations.size() > kWindow) durations.pop_front();
}

double HangDetector::limit_seconds() const {
  const double floors = stage_ == "edit" ? 1.0 : stage_ == "load" ? kLoadFloors : kOtherFloors;
  const auto found = steps_.find(kind_ + " " + stage_);
  const double percentile = found == steps_.end() ? 0.0 : percentile_95(found->second);
  return std::max({floors * floor_seconds_, kFactor * percentile, kFactor * expected_step_seconds_});
}

}  // namespace lethe::orchestrator::inline scheduling
