#include "core/config/ascending.h"

#include <algorithm>
#include <functional>

namespace lethe::core::inline config {

std::string ascending_problem(const std::vector<int>& numbers) {
  if (numbers.empty()) return "expected at least one number, found none";
  const auto pair = std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal<>());
  if (pair == numbers.end()) return "";
  return "expected numbers each above the one before, found " + std::to_string(*(pair + 1)) + " after " +
         std::to_string(*pair);
}

}  // namespace lethe::core::inline config
