#pragma once

#include <string>

namespace lethe::app {

/// Whether the arguments of `lethe` begin with `diagnose disabling`, the one half of a handed-over verb that `lethe`
/// runs itself: it is a sweep.
bool is_disabling(int argc, const char* const* argv);

/// `lethe diagnose disabling`: lets the executor choose the edits and write the sweep's config, runs that sweep on all
/// ranks, and lets the executor write the tables. Returns the sweep's exit code. `build`: as in SweepOptions.
int run_disabling(int argc, char** argv, const std::string& build);

}  // namespace lethe::app
