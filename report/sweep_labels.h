#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace lethe::report {

/// Sweeps that a figure tells apart, each by a dash of its own.
inline constexpr std::size_t kMostSweeps = 6;
inline constexpr std::size_t kLongestLabel = 40;

/// What a report of several sweeps calls them: the names `asked` for, one a folder in their order; without any the
/// folders' names, with as many folders above as tell them apart, and a number behind where one folder is given twice.
/// Throws `core::ConfigError` for names that are not one a folder, not distinct, empty, long or of control characters.
std::vector<std::string> sweep_labels(const std::vector<std::filesystem::path>& folders,
                                      const std::vector<std::string>& asked);

}  // namespace lethe::report
