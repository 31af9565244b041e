#pragma once

namespace lethe::report {

/// Text of report/plot_figures.py as of the build.
const char* plot_script();

}  // namespace lethe::report
