#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lethe::report {

struct FigureResult {
  std::vector<std::filesystem::path> files;  ///< sorted
  std::string problem;                       ///< why there are none; empty if drawn
};

/// $LETHE_PYTHON if set, /usr/bin/python3, python3.
std::vector<std::string> default_interpreters();

/// Writes plot_figures.py into `report_folder`, and runs it on curves.h5 there with the first of `interpreters` that
/// imports h5py, numpy and matplotlib. Never throws for want of one.
FigureResult draw_figures(const std::filesystem::path& report_folder,
                          const std::vector<std::string>& interpreters = default_interpreters());

}  // namespace lethe::report
