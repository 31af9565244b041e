#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>

#include "model/architecture.h"
#include "model/key_values.h"
#include "model/modules.h"
#include "model/rotary.h"

// Legend: B rows, T own tokens, R per-row prefix positions, P shared prefix positions, S = R + T,
// N = B * T, D width, F inner width, H heads, G key and value heads, Q = H / G, E head width.

namespace lethe::model {

/// A block's parameters, resolved once so that a forward looks up no names.
struct BlockParameters {
  NormParameters attention_norm;
  NormParameters mlp_norm;  ///< serial blocks only
  /// q, k and v: stacked in one, or one each.
  std::vector<LinearParameters> qkv;
  NormParameters query_norm, key_norm;  ///< undefined without them
  LinearParameters attention_output;
  LinearParameters gate_projection;  ///< gated MLPs only
  LinearParameters up_projection, down_projection;
};

BlockParameters resolve_block(const Architecture& architecture, std::int64_t layer, const ParameterLookup& parameter);

/// What every block of one forward shares. Masks are added to scores: 0 or minus infinity.
struct AttentionContext {
  std::int64_t num_rows = 0;    ///< B
  std::int64_t num_tokens = 0;  ///< T
  const KeyValues* shared_prefix = nullptr;
  const KeyValues* row_prefix = nullptr;
  torch::Tensor own_mask;     ///< [1,Q*T,S] or [G*B,Q*T,S]
  torch::Tensor shared_mask;  ///< [1,1,P]
  RotaryTables rotary;        ///< [B|1,1,T,E] where positions are rotary
};

/// K/V that precede the rows' own tokens in one layer, head first; undefined where there is no such prefix.
struct LayerPrefix {
  torch::Tensor shared_keys, shared_values;  ///< [G,P,E]
  torch::Tensor row_keys, row_values;        ///< [G,B,R,E]
};

struct AttentionResult {
  torch::Tensor output_NC;             ///< [N,H*E], before the output projection
  torch::Tensor keys, values;          ///< the rows' own, [G,B,T,E]
  torch::Tensor all_keys, all_values;  ///< behind the row prefix, [G,B,S,E]
};

/// Scaled dot-product attention of normalised hidden states over shared prefix, row prefix and own tokens.
AttentionResult attend(const Architecture& architecture, const BlockParameters& block, const torch::Tensor& normed_ND,
                       const AttentionContext& context, const LayerPrefix& prefix);

}  // namespace lethe::model
