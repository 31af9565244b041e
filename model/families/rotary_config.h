#pragma once

#include "model/families/config_file.h"
#include "model/families/family_spec.h"

namespace lethe::model::inline families {

/// What a config.json says of rotary positions: the base and how frequencies are scaled. Read are `rope_theta` with
/// `rope_scaling`, and `rope_parameters`, where transformers keeps both since 5. Another scaling than linear and
/// llama3, and any key beside it that is not known, is refused.
struct RotaryFrequencies {
  double base = 10000.0;
  RotaryScaling scaling;

  bool operator==(const RotaryFrequencies&) const = default;
};
RotaryFrequencies read_rotary_frequencies(const ConfigFile& config);

}  // namespace lethe::model::inline families
