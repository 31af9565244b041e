#include "report/latex_tables.h"

#include <algorithm>
#include <map>
#include <optional>

#include <spdlog/fmt/fmt.h>

#include "report/code_points.h"

namespace lethe::report {
namespace {

/// Rows that fit a page.
constexpr std::size_t kRowsOfAPart = 30;

constexpr const char* kBegin =
    R"(% Rules are those of the package booktabs where it is loaded.
\providecommand{\toprule}{\hline}
\providecommand{\midrule}{\hline}
\providecommand{\bottomrule}{\hline}
\makeatletter
\def\letheend{}
\ifx\@nodocument\relax\else
  \documentclass[a4paper]{article}
  \usepackage[utf8]{inputenc}
  \usepackage[landscape,margin=12mm]{geometry}
  \pagestyle{empty}
  \begin{document}
  \def\letheend{\end{document}}
\fi
\makeatother
)";

constexpr const char* kEnd = "\\letheend\n";

const std::map<std::uint32_t, std::string_view>& symbols() {
  static const std::map<std::uint32_t, std::string_view> all{{'\\', "\\textbackslash{}"},
                                                             {'{', "\\{"},
                                                             {'}', "\\}"},
                                                             {'$', "\\$"},
                                                             {'&', "\\&"},
                                                             {'#', "\\#"},
                                                             {'%', "\\%"},
                                                             {'_', "\\_"},
                                                             {'^', "\\textasciicircum{}"},
                                                             {'~', "\\textasciitilde{}"},
                                                             {'<', "\\textless{}"},
                                                             {'>', "\\textgreater{}"},
                                                             {'|', "\\textbar{}"},
                                                             {'"', "{\\char34}"},
                                                             {'`', "{\\char96}"},
                                                             {0x2013, "--"},
                                                             {0x2014, "---"},
                                                             {0x2026, "\\ldots{}"},
                                                             {0x2192, "$\\rightarrow$"},
                                                             {0x00D7, "$\\times$"},
                                                             {0x00B1, "$\\pm$"}};
  return all;
}

/// Letters of Latin-1 that every encoding of LaTeX's has: all but eth and thorn.
bool is_latin_letter(std::uint32_t point) {
  const std::uint32_t without_case = point & ~0x20U;
  return point >= 0xC0U && point <= 0xFFU && without_case != 0xD0U && without_case != 0xD7U && without_case != 0xDEU;
}

/// The text of a caption, whose markup means emphasis to a reader of Markdown only.
std::string without_markup(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      plain += text[++i];
    } else if (text[i] != '*' && text[i] != '`') {
      plain += text[i];
    }
  }
  return plain;
}

std::string line_of(const Row& row, std::size_t num_columns) {
  std::string text;
  for (std::size_t i = 0; i < num_columns; ++i) {
    text += (i == 0 ? "" : " & ") + (i < row.size() ? latex_text(row[i]) : "");
  }
  return text + " \\\\\n";
}

std::string part_of(const Table& table, std::size_t first, std::size_t last) {
  const std::size_t num_columns = table.header.size();
  const std::size_t num_text = std::min(table.num_text_columns, num_columns);
  const bool is_continued = first > 0;
  std::string text =
      "\\begin{table}[htbp]\n\\centering\n\\scriptsize\n\\setlength{\\tabcolsep}{3pt}\n\\renewcommand{\\arraystretch}{"
      "1.2}\n";
  text += "\\caption{" + latex_text(without_markup(table.caption)) + (is_continued ? " (continued)" : "") + "}\n";
  if (!is_continued) text += "\\label{tab:lethe-" + table.name + "}\n";
  text +=
      "\\begin{tabular}{" + std::string(num_text, 'l') + std::string(num_columns - num_text, 'r') + "}\n\\toprule\n";
  text += line_of(table.header, num_columns) + "\\midrule\n";
  for (std::size_t i = first; i < last; ++i) text += line_of(table.rows[i], num_columns);
  return text + "\\bottomrule\n\\end{tabular}\n\\end{table}\n\n";
}

}  // namespace

std::string latex_text(std::string_view plain) {
  std::string text;
  std::optional<std::uint32_t> previous;
  while (!plain.empty()) {
    const auto point = take_code_point(plain);
    const bool is_ligature = point == previous && (point == '-' || point == ',' || point == '\'');
    if (is_ligature) text += "{}";
    previous = point;
    if (!point) {
      text += "[?]";
    } else if (const auto found = symbols().find(*point); found != symbols().end()) {
      text += found->second;
    } else if (*point >= 0x20U && *point < 0x7FU) {
      text += static_cast<char>(*point);
    } else if (is_latin_letter(*point)) {
      text += {static_cast<char>(0xC3U), static_cast<char>(0x80U | (*point & 0x3FU))};
    } else if (*point < 0x20U) {
      text += ' ';
    } else {
      text += fmt::format("[U+{:04X}]", *point);
    }
  }
  return text;
}

std::string latex_tables(const Page& page, const std::string& name) {
  std::string text = "% The tables of " + name +
                     ".md. Compile this file, or take it into a document's body with \\input{" + name + "}.\n" + kBegin;
  bool has_table = false;
  for (const Block& block : page) {
    const Table* table = std::get_if<Table>(&block);
    if (table == nullptr) continue;
    for (std::size_t first = 0; first == 0 || first < table->rows.size(); first += kRowsOfAPart) {
      text += part_of(*table, first, std::min(first + kRowsOfAPart, table->rows.size()));
    }
    has_table = true;
  }
  if (!has_table) text += "No tables.\n";
  return text + kEnd;
}

}  // namespace lethe::report
