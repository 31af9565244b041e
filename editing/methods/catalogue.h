#pragma once

#include "core/config/method_config.h"

namespace lethe::editing {

/// The methods that lethe knows, for reading configs: "rome", "r-rome", "memit", "ft-c", "ft", "mend", ...
const core::MethodCatalogue& catalogue();

}  // namespace lethe::editing
