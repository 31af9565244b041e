#pragma once

#include <optional>

namespace lethe::core {

/// A positive number from an environment variable; nothing where it is not set. Throws `core::ConfigError` naming
/// variable, value and unit for anything else.
std::optional<double> positive_from_environment(const char* name, const char* unit);

}  // namespace lethe::core
