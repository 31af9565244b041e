#pragma once

#include <string>

namespace lethe::core {

/// "2024-05-01T12:00:00Z".
std::string utc_time_now();

}  // namespace lethe::core
