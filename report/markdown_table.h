#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace lethe::report {

using Row = std::vector<std::string>;

/// "–" where there is no number.
std::string number(double value, int decimals = 1);

/// A Markdown table whose columns line up on a terminal too; the first `num_text_columns` are aligned left, the rest
/// right.
std::string markdown_table(const Row& header, const std::vector<Row>& rows, std::size_t num_text_columns);

}  // namespace lethe::report
