#pragma once

#include "model/families/config_file.h"
#include "model/families/family_spec.h"

namespace lethe::model::inline families {

/// The keys that GPT-2 and GPT-J share (`n_layer`, `n_embd`, `n_head`, ...). Refuses another activation than GELU's
/// tanh form.
NetworkShape read_gpt_shape(const ConfigFile& config);

}  // namespace lethe::model::inline families
