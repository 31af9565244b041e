#pragma once

#include <string>

#include "core/config/method_config.h"
#include "core/config/yaml_map.h"

namespace lethe::core::inline config {

/// Reads a method's hyper-parameters. Fields that the map does not set follow `fidelity`; those in its `paper:` map
/// count under `fidelity: paper` alone, but are checked always.
MethodConfig read_method_config(const MethodCatalogue& methods, const std::string& method, Fidelity fidelity,
                                const YamlValue& value);

}  // namespace lethe::core::inline config
