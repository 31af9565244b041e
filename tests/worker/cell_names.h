#pragma once

#include <algorithm>
#include <cctype>
#include <string>

namespace lethe::worker {

/// A cell's name, "rome/tiny-gpt2/sample0", as a test's: letters, digits and underscores.
inline std::string as_test_name(std::string cell) {
  std::replace_if(
      cell.begin(), cell.end(), [](char c) { return !std::isalnum(c); }, '_');
  return cell;
}

/// Names instances of tests whose parameter is a cell's name.
inline constexpr auto kNameOfCell = [](const auto& instance) { return as_test_name(instance.param); };

}  // namespace lethe::worker
