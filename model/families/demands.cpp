#include "model/families/demands.h"

#include <array>

namespace lethe::model::inline families {
namespace {

constexpr std::array kCommon{
    Demand{"quantization_config", "null"}, Demand{"compression_config", "null"},   Demand{"pruned_heads", "{}"},
    Demand{"is_encoder_decoder", "false"}, Demand{"add_cross_attention", "false"},
};

}  // namespace

void check_demands(const ConfigFile& config, std::span<const Demand> demands) {
  for (const auto& demand : demands) config.require_value(demand.key, demand.value);
}

void check_common_demands(const ConfigFile& config) { check_demands(config, kCommon); }

}  // namespace lethe::model::inline families
