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

std::string csv_exact(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

std::string cell_fields(const core::GridCell& cell) {
  return fmt::format("{},{},{},{}", cell.name(), cell.method, cell.model, cell.sample);
}

const char* status_field(core::EditStatus status) {
  constexpr const char* kNames[] = {"applied", "non-finite", "ill-conditioned"};
  return kNames[static_cast<std::size_t>(status)];
}

}  // namespace lethe::report
