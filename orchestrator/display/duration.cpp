#include "orchestrator/display/duration.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <spdlog/fmt/fmt.h>

namespace lethe::orchestrator::inline display {

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds)) return "unknown";
  const auto total = static_cast<std::int64_t>(std::llround(std::max(0.0, seconds)));
  if (total < 60) return fmt::format("{} s", total);
  if (total < 3600) return fmt::format("{} min {:02} s", total / 60, total % 60);
  if (total < 86400) return fmt::format("{} h {:02} min", total / 3600, total % 3600 / 60);
  return fmt::format("{} d {} h", total / 86400, total % 86400 / 3600);
}

}  // namespace lethe::orchestrator::inline display
