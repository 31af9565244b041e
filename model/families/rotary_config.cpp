#include "model/families/rotary_config.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace lethe::model::inline families {
namespace {

constexpr const char* kBase = "rope_theta";
constexpr const char* kScaling = "rope_scaling";
constexpr const char* kParameters = "rope_parameters";  // of transformers 5
constexpr const char* kForm = "rope_type";
constexpr const char* kOldForm = "type";

constexpr std::array<std::string_view, 8> kKnown{kBase,
                                                 kForm,
                                                 kOldForm,
                                                 "factor",
                                                 "low_freq_factor",
                                                 "high_freq_factor",
                                                 "original_max_position_embeddings",
                                                 "partial_rotary_factor"};

double demanded(const ConfigFile& config, const std::string& key) {
  if (!config.has(key)) config.refuse(key, "is missing");
  return config.number(key, 1.0);
}

RotaryScaling read_llama3(const ConfigFile& section) {
  RotaryScaling scaling{.form = RotaryScalingForm::kLlama3,
                        .factor = demanded(section, "factor"),
                        .low_frequency_factor = demanded(section, "low_freq_factor"),
                        .high_frequency_factor = demanded(section, "high_freq_factor"),
                        .original_positions = section.size("original_max_position_embeddings")};
  if (scaling.high_frequency_factor <= scaling.low_frequency_factor) {
    section.refuse("high_freq_factor", "must be greater than `low_freq_factor`");
  }
  return scaling;
}

RotaryScaling read_scaling(const ConfigFile& section) {
  for (const auto& key : section.keys()) {
    const bool is_known = std::ranges::find(kKnown, key) != kKnown.end();
    if (!is_known && section.has(key)) {
      section.refuse(key, "is " + section.written(key) + ", which lethe does not know and will not ignore");
    }
  }
  section.require_value("partial_rotary_factor", "1.0");
  const auto* const form_key = section.has(kForm) ? kForm : kOldForm;
  const auto form = section.text(form_key, "default");
  if (form == "default") return {};
  if (form == "linear") return {.form = RotaryScalingForm::kLinear, .factor = demanded(section, "factor")};
  if (form == "llama3") return read_llama3(section);
  section.refuse(form_key, "is \"" + form + "\"; lethe computes rotary positions of type default, linear and llama3");
}

}  // namespace

RotaryFrequencies read_rotary_frequencies(const ConfigFile& config) {
  constexpr double kDefaultBase = 10000.0;
  RotaryFrequencies outside{config.number(kBase, kDefaultBase), {}};
  if (config.has(kScaling)) {
    const auto section = config.section(kScaling);
    outside.scaling = read_scaling(section);
    if (section.has(kBase)) outside.base = section.number(kBase, kDefaultBase);
  }
  if (!config.has(kParameters)) return outside;
  const auto section = config.section(kParameters);
  const RotaryFrequencies inside{section.number(kBase, outside.base), read_scaling(section)};
  const bool is_alone = !config.has(kBase) && !config.has(kScaling);
  if (!is_alone && !(inside == outside)) {
    config.refuse(kParameters, "is " + config.written(kParameters) +
                                   ", and `rope_theta` or `rope_scaling` beside it "
                                   "say something else; leave one of the two out");
  }
  return inside;
}

}  // namespace lethe::model::inline families
