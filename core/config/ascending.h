#pragma once

#include <string>
#include <vector>

namespace lethe::core::inline config {

/// What is wrong with the numbers of an `IntegerListRule` together, or nothing.
std::string ascending_problem(const std::vector<int>& numbers);

}  // namespace lethe::core::inline config
