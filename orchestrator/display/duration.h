#pragma once

#include <string>

namespace lethe::orchestrator::inline display {

/// "45 s", "3 min 20 s", "2 h 05 min", "3 d 4 h"; "unknown" for what is no number.
std::string format_duration(double seconds);

}  // namespace lethe::orchestrator::inline display
