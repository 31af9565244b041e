#pragma once

#include <string>
#include <vector>

#include "core/config/method_config.h"

namespace lethe::worker::inline planning {

/// Lines of the contexts file a config names; empty where it names none. Throws `core::DataError` if it cannot be read.
std::vector<std::string> context_file_lines(const core::MethodConfig& config);

}  // namespace lethe::worker::inline planning
