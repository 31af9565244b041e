#pragma once

#include "report/comparison.h"
#include "report/page.h"

namespace lethe::report {

/// In what the experiments of two sweeps differ, in words: keys of the config, the grid, tasks, contents of models.
/// Never empty.
List experiment_differences(const NamedSweep& first, const NamedSweep& second);

}  // namespace lethe::report
