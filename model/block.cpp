#include "model/block.h"

#include <cmath>

namespace lethe::model {
namespace {

/// Queries [G,B,Q,T,E], keys and values [G,B,1,T,E], contiguous: query heads that read one key head stand together.
/// Own scores ([G*B,Q*T,S]) and scores against a shared prefix ([G,B*Q*T,P], not expanded per row) are then both plain
/// views, and keys are repeated for no head.
struct Heads {
  torch::Tensor queries, keys, values;
};

torch::Tensor split_heads(const Architecture& a, const torch::Tensor& projected_NC, std::int64_t heads_per_key,
                          const AttentionContext& context) {
  return projected_NC.view({context.num_rows, context.num_tokens, a.key_value_heads(), heads_per_key, a.head_width()})
      .permute({2, 0, 3, 1, 4})
      .contiguous();
}

Heads project_qkv(const Architecture& a, const BlockParameters& block, const torch::Tensor& normed_ND,
                  const AttentionContext& context) {
  std::vector<torch::Tensor> projected;
  for (const auto& projection : block.qkv) projected.push_back(linear(normed_ND, projection));
  if (projected.size() == 1) projected = projected.front().chunk(3, -1);
  Heads heads{split_heads(a, projected[0], a.heads_per_key(), context), split_heads(a, projected[1], 1, context),
              split_heads(a, projected[2], 1, context)};
  if (block.query_norm.weight_D.defined()) {
    heads.queries = normalize(a, heads.queries, block.query_norm);
    heads.keys = normalize(a, heads.keys, block.key_norm);
  }
  if (!context.rotary.defined()) return heads;
  heads.queries = rotate(heads.queries, context.rotary);
  heads.keys = rotate(heads.keys, context.rotary);
  return heads;
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
  if (a.has(Role::kQueryNorm)) {
    block.query_norm = norm_of(Role::kQueryNorm);
    block.key_norm = norm_of(Role::kKeyNorm);
  }
  block.attention_output = linear_of(Role::kAttentionOutput);
  if (a.has(Role::kGateProjection)) block.gate_projection = linear_of(Role::kGateProjection);
  block.up_projection = linear_of(Role::kUpProjection);
  block.down_projection = linear_of(Role::kDownProjection);
  return block;
}

AttentionResult attend(const Architecture& a, const BlockParameters& block, const torch::Tensor& normed_ND,
                       const AttentionContext& context, const LayerPrefix& prefix) {
  const auto g = a.key_value_heads();
  const auto e = a.head_width();
  const auto b = context.num_rows;
  const auto qt = a.heads_per_key() * context.num_tokens;
  const double scale = 1.0 / std::sqrt(static_cast<double>(e));

  const auto heads = project_qkv(a, block, normed_ND, context);
  const auto& queries = heads.queries;
  AttentionResult result;
  result.keys = result.all_keys = heads.keys.squeeze(2);
  result.values = result.all_values = heads.values.squeeze(2);
  if (prefix.row_keys.defined()) {
    result.all_keys = torch::cat({prefix.row_keys, result.keys}, 2);
    result.all_values = torch::cat({prefix.row_values, result.values}, 2);
  }
  const auto& keys = result.all_keys;
  const auto& values = result.all_values;
  const auto s = keys.size(2);
  auto own = scores(queries.view({g * b, qt, e}), keys.view({g * b, s, e}), context.own_mask, scale);
  torch::Tensor mixed;
  if (!prefix.shared_keys.defined()) {
    mixed = torch::bmm(own.softmax(-1), values.view({g * b, s, e}));
  } else {
    const auto p = prefix.shared_keys.size(1);
    const auto shared = scores(queries.view({g, b * qt, e}), prefix.shared_keys, context.shared_mask, scale);
    const auto weights = torch::cat({shared.view({g, b * qt, p}), own.view({g, b * qt, s})}, -1).softmax(-1);
    const auto from_shared = torch::bmm(weights.narrow(2, 0, p), prefix.shared_values).view({g * b, qt, e});
    mixed = torch::baddbmm(from_shared, weights.narrow(2, p, s).reshape({g * b, qt, s}), values.view({g * b, s, e}));
  }
  result.output_NC = mixed.view({g, b, a.heads_per_key(), context.num_tokens, e})
                         .permute({1, 3, 0, 2, 4})
                         .reshape({b * context.num_tokens, a.attention_width()});
  return result;
}

}  // namespace lethe::model
