#include "report/csv_text.h"

#include <cmath>

#include <spdlog/fmt/fmt.h>

namespace lethe::report {

std::string csv_quoted(std::string_view text) {
  if (text.find_first_of(",\"\n\r") == std::string_view::npos) return std::string(text);
  std::string inner;
  for (const char c : text) inner += c == '"' ? std::string("\"\"") : std::string(1, c);
  return "\"" + inner + "\"";
}

std::string csv_field(double value) { return std::isfinite(value) ? fmt::format("{:.6g}", value) : ""; }

}  // namespace lethe::report
