#pragma once

#include <string>

namespace lethe::core {

/// Name of this machine, for people; "unknown" if it has none.
std::string host_name();

}  // namespace lethe::core
