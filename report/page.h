#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

// A page of text and tables, once said and written in several forms: Markdown (here), HTML (report/html_page.h), and
// its tables as LaTeX (report/latex_tables.h).
//
// Text is Markdown of four kinds: `code`, **strong**, *emphasis* and a backslash before a character that means nothing.
// Whatever comes from outside (a name, a model's text) goes in through `as_text`, what lethe says of it through
// `as_message`; cells of tables are plain.

namespace lethe::report {

using Row = std::vector<std::string>;

struct Heading {
  int level = 1;
  std::string text;
};
struct Paragraph {
  std::string text;
};
struct List {
  std::vector<std::string> items;
};
/// Cells are plain text.
struct Table {
  std::string name;     ///< "overview"; for references
  std::string caption;  ///< what stands before it in Markdown already
  Row header;
  std::vector<Row> rows;
  std::size_t num_text_columns = 1;  ///< aligned left, the rest right
  std::size_t num_key_columns = 1;   ///< that name a row: repeated where a wide table is cut
};
/// Where a page that shows figures shows them.
struct FiguresHere {};

using Block = std::variant<Heading, Paragraph, List, Table, FiguresHere>;
using Page = std::vector<Block>;
/// Puts `blocks` behind what the page has.
void append(Page& page, Page blocks);

/// `plain` so that it reads as it is, on one line: nothing in it is markup, HTML or a link.
std::string as_text(std::string_view plain);
/// The same of a message, whose `code` stays code.
std::string as_message(std::string_view message);

/// For a cell: "–" where there is no number.
std::string number(double value, int decimals = 1);

/// A table whose columns line up in an editor and on a terminal.
std::string markdown_of(const Table& table);
std::string markdown_of(const Page& page);

}  // namespace lethe::report
