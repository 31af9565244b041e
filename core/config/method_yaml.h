#pragma once

#include <optional>
#include <string>

#include "core/config/method_config.h"
#include "core/config/yaml_map.h"

namespace lethe::core::inline config {

/// Reads a method's hyper-parameters. Fields that the map does not set follow `fidelity`; those in its `paper:` map
/// count under `fidelity: paper` alone, but are checked always.
MethodConfig read_method_config(const MethodCatalogue& methods, const std::string& method, Fidelity fidelity,
                                const YamlValue& value);

/// True of a map that says which `method` it varies.
bool is_variant(const YamlValue& value);

/// Reads a variant of a method: `method`, the file `config` of its settings (else its defaults), and any of its fields
/// with other values. Nothing, and a problem, where no method is named.
std::optional<MethodConfig> read_variant(const MethodCatalogue& methods, Fidelity fidelity, const YamlValue& value);

}  // namespace lethe::core::inline config
