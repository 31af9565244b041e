#pragma once

#include "model/families/config_file.h"
#include "model/families/family_spec.h"

namespace lethe::model::inline families {

/// The keys that the types of the Llama family share. What changes the mathematics and is not computed is refused.
/// Key and value heads and `sliding_window` are left to the type, whose defaults differ.
NetworkShape read_llama_shape(const ConfigFile& config);

/// Sets `num_key_value_heads`, demanded or, with `is_optional`, as many as heads where the key is absent.
void read_key_value_heads(const ConfigFile& config, bool is_optional, NetworkShape& shape);

/// A window of attention is not computed, and needs none up to its own length: a prompt may then be no longer.
void limit_positions(const ConfigFile& config, std::int64_t window, NetworkShape& shape);

}  // namespace lethe::model::inline families
