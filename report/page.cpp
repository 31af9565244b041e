#include "report/page.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>

#include <spdlog/fmt/fmt.h>

#include "report/code_points.h"

namespace lethe::report {
namespace {

char on_one_line(char c) { return static_cast<unsigned char>(c) < 0x20U ? ' ' : c; }

bool is_of_a_word(char c) {
  return static_cast<unsigned char>(c) >= 0x80U || std::isalnum(static_cast<unsigned char>(c));
}

/// Whether the character at `i` begins or ends something in Markdown: emphasis, code, HTML, a link, an entity.
bool is_mark(std::string_view text, std::size_t i) {
  const char next = i + 1 < text.size() ? text[i + 1] : ' ';
  switch (text[i]) {
    case '_':  // within a word it is a letter
      return i == 0 || !is_of_a_word(text[i - 1]) || !is_of_a_word(next);
    case '&':
      return next == '#' || is_of_a_word(next);
    default:
      return std::string_view("<*`~\\[").find(text[i]) != std::string_view::npos;
  }
}

/// In a cell a bar would begin the next one.
std::string plain_markdown(std::string_view plain, bool is_cell) {
  std::string text;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    if (is_mark(plain, i) || (is_cell && plain[i] == '|')) text += '\\';
    text += on_one_line(plain[i]);
  }
  return text;
}

Row cells_of(const Row& row) {
  Row cells;
  for (const std::string& cell : row) cells.push_back(plain_markdown(cell, true));
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

std::string as_text(std::string_view plain) { return plain_markdown(plain, false); }

std::string as_message(std::string_view message) {
  std::string text;
  while (!message.empty()) {
    const auto begin = message.find('`');
    const auto end = begin == std::string_view::npos ? begin : message.find('`', begin + 1);
    text += as_text(end == std::string_view::npos ? message : message.substr(0, begin));
    if (end == std::string_view::npos) return text;
    std::ranges::transform(message.substr(begin, end + 1 - begin), std::back_inserter(text), on_one_line);
    message.remove_prefix(end + 1);
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
