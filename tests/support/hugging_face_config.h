#pragma once

#include <nlohmann/json.hpp>

#include "model/architecture.h"

// Shapes of tiny networks in which each family shows what it has beyond the others, and their config.json.

namespace lethe::test {

/// Sets heads and positions of a family whose heads share keys: fewer key heads than heads, a head's width that is not
/// width / heads, and bases, scalings and heads that differ from one family to the next. Leaves others as they are.
inline void vary_attention(model::Architecture& architecture) {
  if (architecture.family->rotary != model::RotaryForm::kHalfSplitPairs) return;
  architecture.num_heads = 4;
  architecture.num_key_value_heads = 2;
  architecture.head_dimension = architecture.width / 4 + 4;
  architecture.rotary_dim = architecture.head_dimension;
  architecture.norm_epsilon = 1e-6;
  if (architecture.family->block.front().has_bias) {
    architecture.num_key_value_heads = 1;
    architecture.rotary_base = 1e6;
    architecture.is_head_tied = true;
  } else if (architecture.family->name.starts_with("l")) {
    architecture.rotary_scaling = {model::RotaryScalingForm::kLlama3, 8.0, 1.0, 4.0, 16};
  } else {
    architecture.rotary_scaling = {model::RotaryScalingForm::kLinear, 2.0};
  }
}

inline nlohmann::json rotary_scaling_config(const model::RotaryScaling& scaling) {
  switch (scaling.form) {
    case model::RotaryScalingForm::kNone:
      return nullptr;
    case model::RotaryScalingForm::kLinear:
      return {{"type", "linear"}, {"factor", scaling.factor}};
    case model::RotaryScalingForm::kLlama3:
      return {{"rope_type", "llama3"},
              {"factor", scaling.factor},
              {"low_freq_factor", scaling.low_frequency_factor},
              {"high_freq_factor", scaling.high_frequency_factor},
              {"original_max_position_embeddings", scaling.original_positions}};
  }
  return nullptr;
}

/// What transformers writes for the architecture, as far as lethe reads it.
inline nlohmann::json hugging_face_config(const model::Architecture& a) {
  if (a.family->norm == model::NormForm::kRmsNorm) {
    return {{"model_type", a.family->name},
            {"num_hidden_layers", a.num_layers},
            {"hidden_size", a.width},
            {"num_attention_heads", a.num_heads},
            {"num_key_value_heads", a.key_value_heads()},
            {"head_dim", a.head_width()},
            {"intermediate_size", a.inner_width},
            {"max_position_embeddings", a.max_positions},
            {"vocab_size", a.vocab_size},
            {"hidden_act", "silu"},
            {"rms_norm_eps", a.norm_epsilon},
            {"rope_theta", a.rotary_base},
            {"rope_scaling", rotary_scaling_config(a.rotary_scaling)},
            {"sliding_window", nullptr},
            {"tie_word_embeddings", a.has_tied_head()}};
  }
  nlohmann::json config{{"model_type", a.family->name},
                        {"n_layer", a.num_layers},
                        {"n_embd", a.width},
                        {"n_head", a.num_heads},
                        {"n_inner", a.inner_width},
                        {"n_positions", a.max_positions},
                        {"vocab_size", a.vocab_size},
                        {"activation_function", "gelu_new"},
                        {"layer_norm_epsilon", a.norm_epsilon},
                        {"tie_word_embeddings", a.has_tied_head()}};
  if (a.rotary_dim > 0) config["rotary_dim"] = a.rotary_dim;
  return config;
}

}  // namespace lethe::test
