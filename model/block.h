#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <torch/types.h>

#include "model/architecture.h"
#include "model/key_values.h"

// Legend: B rows, T own tokens, R per-row prefix positions, P shared prefix positions, S = R + T,
// N = B * T, D width, F inner width, H heads, E head width.

namespace lethe::model {

/// A block's parameters, resolved once so that a forward looks up no names. Weights are [O,I].
struct BlockParameters {
  torch::Tensor ln_1_weight, ln_1_bias;
  torch::Tensor ln_2_weight, ln_2_bias;        ///< GPT-2 only
  torch::Tensor qkv_weight, qkv_bias;          ///< GPT-2 only: q, k, v stacked
  torch::Tensor q_weight, k_weight, v_weight;  ///< GPT-J only
  torch::Tensor out_weight, out_bias;          ///< bias: GPT-2 only
  torch::Tensor fc_weight, fc_bias;
  torch::Tensor projection_weight, projection_bias;  ///< the module that is edited
};

using ParameterLookup = std::function<const torch::Tensor&(const std::string&)>;
BlockParameters resolve_block(const Architecture& architecture, std::int64_t layer, const ParameterLookup& parameter);

/// cos and signed sin of every position's rotation angles, [max_positions,E]: entries 2j and 2j+1 hold pair j, with
/// -sin at 2j and +sin at 2j+1; dimensions beyond rotary_dim have cos = 1 and sin = 0.
struct RotaryTables {
  torch::Tensor cosines, signed_sines;
};
RotaryTables rotary_tables(const Architecture& architecture, torch::Device device, torch::Dtype dtype);

/// What every block of one forward shares. Masks are added to scores: 0 or minus infinity.
struct AttentionContext {
  std::int64_t num_rows = 0;    ///< B
  std::int64_t num_tokens = 0;  ///< T
  const KeyValues* shared_prefix = nullptr;
  const KeyValues* row_prefix = nullptr;
  torch::Tensor own_mask;               ///< [1,T,S] or [H*B,T,S]
  torch::Tensor shared_mask;            ///< [1,1,P]
  torch::Tensor cosines, signed_sines;  ///< GPT-J: [1,1,B|1,T,E]
};

/// K/V that precede the rows' own tokens in one layer, head first; undefined where there is no such prefix.
struct LayerPrefix {
  torch::Tensor shared_keys, shared_values;  ///< [H,P,E]
  torch::Tensor row_keys, row_values;        ///< [H,B,R,E]
};

struct AttentionResult {
  torch::Tensor output_ND;             ///< before the output projection
  torch::Tensor keys, values;          ///< the rows' own, [H,B,T,E]
  torch::Tensor all_keys, all_values;  ///< behind the row prefix, [H,B,S,E]
};

/// Scaled dot-product attention of normalised hidden states over shared prefix, row prefix and own tokens.
AttentionResult attend(const Architecture& architecture, const BlockParameters& block, const torch::Tensor& normed_ND,
                       const AttentionContext& context, const LayerPrefix& prefix);

}  // namespace lethe::model
