#pragma once

#include <span>
#include <string_view>

#include "model/families/config_file.h"

namespace lethe::model::inline families {

/// A key by which a checkpoint asks for other mathematics, and the one value (as JSON) that is computed.
struct Demand {
  const char* key;
  std::string_view value;
};

/// Throws `core::ModelError` with file, key and value for the first that a config.json names with another value.
void check_demands(const ConfigFile& config, std::span<const Demand> demands);

/// The same of what no family computes: quantized, pruned and encoder-decoder models.
void check_common_demands(const ConfigFile& config);

}  // namespace lethe::model::inline families
