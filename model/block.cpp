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

torch::Tensor project_qkv(const Architecture& a, const BlockParameters& block, const torch::Tensor& normed_ND,
                          const AttentionContext& context) {
  std::vector<torch::Tensor> projected;
  for (const auto& projection : block.qkv) projected.push_back(linear(normed_ND, projection));
  const auto heads = split_heads(a, projected.size() == 1 ? projected.front() : torch::cat(projected, -1), context);
  if (!context.rotary.defined()) return heads;
  return torch::cat({rotate(heads.narrow(0, 0, 2), context.rotary), heads.narrow(0, 2, 1)}, 0);
}

/// scale * q k^T + mask, without a tensor of its own for either.
torch::Tensor scores(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& mask, double scale) {
  return torch::baddbmm(mask, queries, keys.transpose(1, 2), 1.0, scale);
}

}  // namespace

BlockParameters resolve_block(const Architecture& a, std::int64_t layer, const ParameterLookup& parameter) {
  const auto linear_of = [&](Role role) { return resolve_linear(a.names_of(role, layer), parameter); };
  const auto norm_of = [&](Role role) { return resolve_norm(a.names_of(role, layer), parameter); };
  BlockParameters block;
  block.attention_norm = norm_of(Role::kAttentionNorm);
  if (a.has(Role::kMlpNorm)) block.mlp_norm = norm_of(Role::kMlpNorm);
  if (a.has(Role::kQkv)) {
    block.qkv = {linear_of(Role::kQkv)};
  } else {
    block.qkv = {linear_of(Role::kQuery), linear_of(Role::kKey), linear_of(Role::kValue)};
  }
  block.attention_output = linear_of(Role::kAttentionOutput);
  block.up_projection = linear_of(Role::kUpProjection);
  block.down_projection = linear_of(Role::kDownProjection);
  return block;
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
