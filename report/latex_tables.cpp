#include "report/latex_tables.h"

#include <algorithm>
#include <vector>

#include "report/code_points.h"
#include "report/latex_text.h"

namespace lethe::report {
namespace {

// What fits a page of the document, at the size that tables are set in: rows, and characters of a row.
constexpr std::size_t kRowsOfAPart = 40;
constexpr std::size_t kWidthOfAPart = 220;
/// Between two columns, in characters.
constexpr std::size_t kGap = 2;

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

/// What of a table stands on one page.
struct Part {
  std::vector<std::size_t> columns;
  std::size_t first_row = 0, end_row = 0;
};

/// In characters, with the gap behind it.
std::size_t width_of(const Table& table, std::size_t column) {
  std::size_t width = num_code_points(table.header[column]);
  for (const Row& row : table.rows) width = std::max(width, column < row.size() ? num_code_points(row[column]) : 0);
  return width + kGap;
}

/// As many columns together as a page is wide, at least one, each time behind those that name the row.
std::vector<std::vector<std::size_t>> column_groups(const Table& table) {
  std::vector<std::size_t> keys;
  std::size_t width_of_keys = 0;
  for (; keys.size() < std::min(table.num_key_columns, table.header.size()); keys.push_back(keys.size())) {
    width_of_keys += width_of(table, keys.size());
  }
  std::vector<std::vector<std::size_t>> groups{keys};
  std::size_t width = width_of_keys;
  for (std::size_t column = keys.size(); column < table.header.size(); ++column) {
    const std::size_t own = width_of(table, column);
    if (width + own > kWidthOfAPart && groups.back().size() > keys.size()) {
      groups.push_back(keys);
      width = width_of_keys;
    }
    groups.back().push_back(column);
    width += own;
  }
  return groups;
}

std::vector<Part> parts_of(const Table& table) {
  const std::size_t num_rows = table.rows.size();
  // Equally long, so that none is the two rows that did not fit.
  const std::size_t num_parts = std::max<std::size_t>(1, (num_rows + kRowsOfAPart - 1) / kRowsOfAPart);
  std::vector<Part> parts;
  for (const auto& columns : column_groups(table)) {
    for (std::size_t i = 0; i < num_parts; ++i) {
      parts.push_back({columns, i * num_rows / num_parts, (i + 1) * num_rows / num_parts});
    }
  }
  return parts;
}

std::string line_of(const Row& row, const std::vector<std::size_t>& columns) {
  std::string text;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    text += (i == 0 ? "" : " & ") + (columns[i] < row.size() ? latex_text(row[columns[i]]) : "");
  }
  // Behind the end of the row before, LaTeX would take either for an option of it.
  return (text.starts_with('[') || text.starts_with('*') ? "{}" : "") + text + " \\\\\n";
}

std::string text_of(const Part& part, const Table& table, bool is_continued) {
  std::string text =
      "\\begin{table}[htbp]\n\\centering\n\\scriptsize\n\\setlength{\\tabcolsep}{3pt}\n\\renewcommand{\\arraystretch}{"
      "1.2}\n";
  text += "\\caption{" + latex_text(without_markup(table.caption)) + (is_continued ? " (continued)" : "") + "}\n";
  if (!is_continued) text += "\\label{tab:lethe-" + table.name + "}\n";
  text += "\\begin{tabular}{";
  for (const std::size_t column : part.columns) text += column < table.num_text_columns ? 'l' : 'r';
  text += "}\n\\toprule\n" + line_of(table.header, part.columns) + "\\midrule\n";
  for (std::size_t i = part.first_row; i < part.end_row; ++i) text += line_of(table.rows[i], part.columns);
  return text + "\\bottomrule\n\\end{tabular}\n\\end{table}\n\n";
}

}  // namespace

std::string latex_tables(const Page& page, const std::string& name) {
  std::string text = "% The tables of " + name +
                     ".md. Compile this file, or take it into a document's body with \\input{" + name + "}.\n" + kBegin;
  bool has_table = false;
  for (const Block& block : page) {
    const Table* table = std::get_if<Table>(&block);
    if (table == nullptr) continue;
    bool is_continued = false;
    for (const Part& part : parts_of(*table)) {
      text += text_of(part, *table, is_continued);
      is_continued = true;
    }
    has_table = true;
  }
  if (!has_table) text += "No tables.\n";
  return text + kEnd;
}

}  // namespace lethe::report
