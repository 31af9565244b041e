#include "model/families/llama_config.h"

#include <algorithm>
#include <array>
#include <string>

#include "model/families/demands.h"
#include "model/families/number_ranges.h"
#include "model/families/rotary_config.h"

namespace lethe::model::inline families {
namespace {

/// Of checkpoints of this form.
constexpr std::array kDemands{
    Demand{"attention_bias", "false"},
    Demand{"mlp_bias", "false"},
    Demand{"hidden_act", R"("silu")"},
    Demand{"partial_rotary_factor", "1.0"},
    Demand{"rope_interleaved", "false"},
    Demand{"use_mrope", "false"},
    Demand{"dual_chunk_attention_config", "null"},
    Demand{"clip_qkv", "null"},
    Demand{"qk_norm", "false"},
    Demand{"use_qk_norm", "false"},
    Demand{"query_pre_attn_scalar", "null"},
    Demand{"attn_logit_softcapping", "null"},
    Demand{"final_logit_softcapping", "null"},
    Demand{"attention_multiplier", "null"},
    Demand{"embedding_multiplier", "1.0"},
    Demand{"residual_multiplier", "1.0"},
    Demand{"logits_scaling", "1.0"},
    Demand{"logit_scale", "1.0"},
};

}  // namespace

NetworkShape read_llama_shape(const ConfigFile& config) {
  check_demands(config, kDemands);
  NetworkShape shape;
  shape.num_layers = config.size("num_hidden_layers");
  shape.width = config.size("hidden_size");
  shape.num_heads = config.size("num_attention_heads");
  shape.inner_width = config.size("intermediate_size");
  shape.max_positions = config.size("max_position_embeddings");
  shape.vocab_size = config.size("vocab_size");
  shape.norm_epsilon = config.number("rms_norm_eps", 1e-6);
  if (config.has("head_dim")) {
    shape.head_dimension = config.size("head_dim");
  } else if (shape.width % shape.num_heads != 0) {
    config.refuse("num_attention_heads", "does not divide `hidden_size`, and there is no `head_dim`");
  }
  if (shape.head_width() % 2 != 0) config.refuse("head_dim", "must be even: rotary positions turn pairs");
  if (shape.attention_width() > kMaxSize) {
    config.refuse("head_dim", "times `num_attention_heads` is more than any model has");
  }
  shape.rotary_dim = shape.head_width();
  const auto rotary = read_rotary_frequencies(config);
  shape.rotary_base = rotary.base;
  shape.rotary_scaling = rotary.scaling;
  shape.is_head_tied = config.flag("tie_word_embeddings", false);
  return shape;
}

void read_key_value_heads(const ConfigFile& config, bool is_optional, NetworkShape& shape) {
  constexpr const char* kKey = "num_key_value_heads";
  shape.num_key_value_heads = is_optional && !config.has(kKey) ? shape.num_heads : config.size(kKey);
  if (shape.num_heads % shape.num_key_value_heads != 0) config.refuse(kKey, "does not divide `num_attention_heads`");
}

void limit_positions(const ConfigFile& config, std::int64_t window, NetworkShape& shape) {
  for (const auto& type : config.texts("layer_types")) {
    if (type == "full_attention" || (window > 0 && type == "sliding_attention")) continue;
    config.refuse("layer_types", "holds \"" + type + "\", which lethe does not compute");
  }
  if (window > 0) shape.max_positions = std::min(shape.max_positions, window);
}

}  // namespace lethe::model::inline families
