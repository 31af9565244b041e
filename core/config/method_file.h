#pragma once

#include <filesystem>
#include <string>

#include "core/config/method_config.h"

namespace lethe::core::inline config {

/// A method's hyper-parameters from a file of their own, as those of configs/methods. Throws one `ConfigError` that
/// lists all problems, as `load_experiment_config` does.
MethodConfig load_method_config(const std::filesystem::path& path, const std::string& method,
                                const MethodCatalogue& methods, Fidelity fidelity = Fidelity::kCode);

}  // namespace lethe::core::inline config
