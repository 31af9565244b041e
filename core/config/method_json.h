#pragma once

#include <nlohmann/json.hpp>

#include "core/config/method_config.h"

namespace lethe::core::inline config {

/// All fields of a method by name; enumerations as their words.
nlohmann::json method_to_json(const MethodConfig& config);

/// Inverse; throws `ConfigError` for a missing, unknown or out-of-range field.
MethodConfig method_from_json(const MethodCatalogue& methods, const std::string& method, const nlohmann::json& value,
                              const std::string& place);

/// Names of the fields that hold paths or recipes: in an identity, the contents that they lead to stand for them.
std::vector<std::string> source_fields(const MethodConfig& config);

}  // namespace lethe::core::inline config
