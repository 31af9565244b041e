#include "core/environment.h"

#include <cmath>
#include <cstdlib>
#include <string>

#include "core/error.h"

namespace lethe::core {

std::optional<double> positive_from_environment(const char* name, const char* unit) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text || *end != '\0' || !(value > 0.0) || !std::isfinite(value)) {
    throw ConfigError(std::string(name) + "=" + text + ": expected a positive number of " + unit);
  }
  return value;
}

}  // namespace lethe::core
