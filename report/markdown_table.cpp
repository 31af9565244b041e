#include "report/markdown_table.h"

#include <algorithm>
#include <cmath>

#include <spdlog/fmt/fmt.h>

namespace lethe::report {
namespace {

/// Columns on a terminal and in an editor line up: widths count code points, not bytes.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

std::string number(double value, int decimals) {
  return std::isnan(value) ? "–" : fmt::format("{:.{}f}", value, decimals);
}

std::string markdown_table(const Row& header, const std::vector<Row>& rows, std::size_t num_text_columns) {
  std::vector<std::size_t> widths(header.size(), 3);
  const auto widen = [&](const Row& row) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  };
  widen(header);
  std::for_each(rows.begin(), rows.end(), widen);
  const auto line = [&](const Row& row) {
    std::string text = "|";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - width_of(row[i]), ' ');
      text += i < num_text_columns ? " " + row[i] + padding + " |" : " " + padding + row[i] + " |";
    }
    return text + "\n";
  };
  std::string text = line(header) + "|";
  for (std::size_t i = 0; i < header.size(); ++i) {
    text +=
        (i < num_text_columns ? " :" : " -") + std::string(widths[i] - 2, '-') + (i < num_text_columns ? "- |" : ": |");
  }
  text += "\n";
  for (const Row& row : rows) text += line(row);
  return text;
}

}  // namespace lethe::report
