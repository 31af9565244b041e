#pragma once

#include <span>
#include <string_view>

namespace lethe::report {

struct PlotScript {
  std::string_view name;  ///< "plot_figures.py"
  std::string_view text;
};

/// The files of report/plot/ as of the build, the one to run first. The others are its modules.
std::span<const PlotScript> plot_scripts();

}  // namespace lethe::report
