#include "model/block.h"

#include <cmath>

namespace lethe::model {
namespace {

/// [3,H,B,T,E] contiguous: one copy, after which own scores ([H*B,T,S]) and scores against a shared prefix
/// ([H,B*T,P], not expanded per row) are both plain views.
torch::Tensor split_heads(const Architecture& a, const torch::Tensor& qkv_NC, const AttentionContext& context) {
  return qkv_NC.view({context.num_rows, context.num_tokens, 3, a.num_heads, a.head_width()})
      .permute({2, 3, 0, 1, 4})
      .contiguous();
}

/// Rotates interleaved pairs: (x0, x1) -> (x0 cos - x1 sin, x1 cos + x0 sin). Dimensions beyond rotary_dim have
/// cos = 1 and sin = 0. The sign of the sine sits in the table, so that the partner is a mere swap.
torch::Tensor rotate(const torch::Tensor& x, const AttentionContext& context) {
  auto pairs = x.sizes().vec();
  pairs.back() /= 2;
  pairs.push_back(2);
  const auto partner = x.view(pairs).flip({-1}).view_as(x);
  return torch::addcmul(x * context.cosines, partner, context.signed_sines);
}

torch::Tensor project_qkv(const Architecture& a, const BlockParameters& block, const torch::Tensor& normed_ND,
                          const AttentionContext& context) {
  if (a.family == Family::kGpt2) {
    return split_heads(a, torch::linear(normed_ND, block.qkv_weight, block.qkv_bias), context);
  }
  const auto qkv = torch::cat({torch::linear(normed_ND, block.q_weight), torch::linear(normed_ND, block.k_weight),
                               torch::linear(normed_ND, block.v_weight)},
                              -1);
  const auto heads = split_heads(a, qkv, context);
  return torch::cat({rotate(heads.narrow(0, 0, 2), context), heads.narrow(0, 2, 1)}, 0);
}

/// scale * q k^T + mask, without a tensor of its own for either.
torch::Tensor scores(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& mask, double scale) {
  return torch::baddbmm(mask, queries, keys.transpose(1, 2), 1.0, scale);
}

}  // namespace

BlockParameters resolve_block(const Architecture& a, std::int64_t layer, const ParameterLookup& parameter) {
  const auto prefix = block_prefix(layer);
  const auto get = [&](const char* name) { return parameter(prefix + name); };
  BlockParameters block;
  block.ln_1_weight = get("ln_1.weight");
  block.ln_1_bias = get("ln_1.bias");
  if (a.family == Family::kGpt2) {
    block.ln_2_weight = get("ln_2.weight");
    block.ln_2_bias = get("ln_2.bias");
    block.qkv_weight = get("attn.c_attn.weight");
    block.qkv_bias = get("attn.c_attn.bias");
    block.out_weight = get("attn.c_proj.weight");
    block.out_bias = get("attn.c_proj.bias");
    block.fc_weight = get("mlp.c_fc.weight");
    block.fc_bias = get("mlp.c_fc.bias");
  } else {
    block.q_weight = get("attn.q_proj.weight");
    block.k_weight = get("attn.k_proj.weight");
    block.v_weight = get("attn.v_proj.weight");
    block.out_weight = get("attn.out_proj.weight");
    block.fc_weight = get("mlp.fc_in.weight");
    block.fc_bias = get("mlp.fc_in.bias");
  }
  block.projection_weight = parameter(a.mlp_projection(layer) + ".weight");
  block.projection_bias = parameter(a.mlp_projection(layer) + ".bias");
  return block;
}

RotaryTables rotary_tables(const Architecture& a, torch::Device device, torch::Dtype dtype) {
  const auto options = torch::TensorOptions().dtype(torch::kFloat64);
  const auto num_pairs = a.rotary_dim / 2;
  const auto exponent = torch::arange(num_pairs, options) * (-2.0 / static_cast<double>(a.rotary_dim));
  const auto angles = torch::arange(a.max_positions, options).unsqueeze(1) * torch::pow(10000.0, exponent);
  auto cosines = torch::ones({a.max_positions, a.head_width()}, options);
  auto sines = torch::zeros({a.max_positions, a.head_width()}, options);
  const auto cos = angles.cos();
  const auto sin = angles.sin();
  cosines.narrow(1, 0, a.rotary_dim).copy_(torch::stack({cos, cos}, -1).flatten(1));
  sines.narrow(1, 0, a.rotary_dim).copy_(torch::stack({-sin, sin}, -1).flatten(1));
  return {cosines.to(device, dtype), sines.to(device, dtype)};
}

AttentionResult attend(const Architecture& a, const BlockParameters& block, const torch::Tensor& normed_ND,
                       const AttentionContext& context, const LayerPrefix& prefix) {
  const auto h = a.num_heads;
  const auto e = a.head_width();
  const auto b = context.num_rows;
  const auto t = context.num_tokens;
  const double scale = 1.0 / std::sqrt(static_cast<double>(e));

  const auto qkv = project_qkv(a, block, normed_ND, context);
  const auto queries = qkv.select(0, 0);
  AttentionResult result;
  result.keys = result.all_keys = qkv.select(0, 1);
  result.values = result.all_values = qkv.select(0, 2);
  if (prefix.row_keys.defined()) {
    result.all_keys = torch::cat({prefix.row_keys, result.keys}, 2);
    result.all_values = torch::cat({prefix.row_values, result.values}, 2);
  }
  const auto& keys = result.all_keys;
  const auto& values = result.all_values;
  const auto s = keys.size(2);
  auto own = scores(queries.view({h * b, t, e}), keys.view({h * b, s, e}), context.own_mask, scale);
  torch::Tensor mixed;
  if (!prefix.shared_keys.defined()) {
    mixed = torch::bmm(own.softmax(-1), values.view({h * b, s, e}));
  } else {
    const auto p = prefix.shared_keys.size(1);
    const auto shared = scores(queries.view({h, b * t, e}), prefix.shared_keys, context.shared_mask, scale);
    const auto weights = torch::cat({shared.view({h, b * t, p}), own.view({h, b * t, s})}, -1).softmax(-1);
    const auto from_shared = torch::bmm(weights.narrow(2, 0, p), prefix.shared_values).view({h * b, t, e});
    mixed = torch::baddbmm(from_shared, weights.narrow(2, p, s).reshape({h * b, t, s}), values.view({h * b, s, e}));
  }
  result.output_ND = mixed.view({h, b, t, e}).permute({1, 2, 0, 3}).reshape({b * t, a.width});
  return result;
}

}  // namespace lethe::model
