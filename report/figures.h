#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ledger/real_folder.h"

namespace lethe::report {

struct FigureResult {
  std::vector<std::filesystem::path> files;  ///< sorted
  std::string problem;                       ///< why there are none; empty if drawn
};

/// $LETHE_PYTHON if set, /usr/bin/python3, python3.
std::vector<std::string> default_interpreters();

/// Writes plot_figures.py into the report's folder, and runs it on curves.h5 there with the first of `interpreters`
/// that imports h5py, numpy and matplotlib; its output is in plot_figures.log. Never throws for want of one.
///
/// The folder may hold anything: Python runs isolated (-I) in a new folder of its own, so that no module, setting or
/// link that lies about is taken; what it drew is then put in the place of former figures. figures.txt lists what was
/// drawn; a later report removes figures of that list, and no other file.
FigureResult draw_figures(const ledger::RealFolder& report,
                          const std::vector<std::string>& interpreters = default_interpreters());

/// The figures that the last report drew and that are still there; nothing if one is gone.
std::vector<std::filesystem::path> drawn_figures(const ledger::RealFolder& report);

}  // namespace lethe::report
