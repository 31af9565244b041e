#include "report/page.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <spdlog/fmt/fmt.h>

#include "report/code_points.h"

namespace lethe::report {
namespace {

/// In a cell a bar would begin the next one, and a line's end the next row.
std::string cell_text(std::string_view plain) {
  std::string text;
  for (const char c : plain) {
    if (c == '|' || c == '<' || c == '*' || c == '`' || c == '\\' || c == '[') text += '\\';
    text += static_cast<unsigned char>(c) < 0x20U ? ' ' : c;
  }
  return text;
}

Row cells_of(const Row& row) {
  Row cells;
  for (const std::string& cell : row) cells.push_back(cell_text(cell));
  return cells;
}

std::string list_of(const List& list) {
  std::string text;
  for (const std::string& item : list.items) text += "* " + item + "\n";
  return text;
}

struct MarkdownWriter {
  std::string operator()(const Heading& heading) const {
    return std::string(static_cast<std::size_t>(heading.level), '#') + " " + heading.text + "\n";
  }
  std::string operator()(const Paragraph& paragraph) const { return paragraph.text + "\n"; }
  std::string operator()(const List& list) const { return list_of(list); }
  std::string operator()(const Table& table) const {
    return (table.caption.empty() ? "" : table.caption + "\n\n") + markdown_of(table);
  }
  std::string operator()(const FiguresHere& /*here*/) const { return ""; }
};

}  // namespace

void append(Page& page, Page blocks) { std::ranges::move(blocks, std::back_inserter(page)); }

std::string as_text(std::string_view plain) {
  std::string text;
  for (const char c : plain) {
    if (c == '<' || c == '*' || c == '\\' || c == '[') text += '\\';
    text += static_cast<unsigned char>(c) < 0x20U ? ' ' : c;
  }
  return text;
}

std::string number(double value, int decimals) {
  return std::isnan(value) ? "–" : fmt::format("{:.{}f}", value, decimals);
}

std::string markdown_of(const Table& table) {
  std::vector<Row> rows{cells_of(table.header)};
  for (const Row& row : table.rows) rows.push_back(cells_of(row));
  std::vector<std::size_t> widths(table.header.size(), 3);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], num_code_points(row[i]));
  }
  const auto line = [&](const Row& row) {
    std::string text = "|";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - num_code_points(row[i]), ' ');
      text += i < table.num_text_columns ? " " + row[i] + padding + " |" : " " + padding + row[i] + " |";
    }
    return text + "\n";
  };
  std::string text = line(rows.front()) + "|";
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const bool is_text = i < table.num_text_columns;
    text += (is_text ? " :" : " -") + std::string(widths[i] - 2, '-') + (is_text ? "- |" : ": |");
  }
  text += "\n";
  for (std::size_t i = 1; i < rows.size(); ++i) text += line(rows[i]);
  return text;
}

std::string markdown_of(const Page& page) {
  std::string text;
  for (const Block& block : page) {
    const std::string written = std::visit(MarkdownWriter(), block);
    if (!written.empty()) text += (text.empty() ? "" : "\n") + written;
  }
  return text;
}

}  // namespace lethe::report
