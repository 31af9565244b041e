#include "model/block.h"

#include <array>
#include <cmath>
#include <stdexcept>

namespace lethe::model {
namespace {

/// Contiguous: queries [G,B,Q,T,E], or [G,B,T,E] where Q is 1, keys and values [G,B,T,E]; query heads that read one key
/// head stand together. Own scores ([G*B,Q*T,S]) and scores against a shared prefix ([G,B*Q*T,P], not expanded per row)
/// are then both plain views, and keys are repeated for no head.
struct Heads {
  torch::Tensor queries, keys, values;
};

/// Of as many query heads as key heads, from the three projections side by side, [N,3*G*E], by one copy: a step of a
/// method is many small operations, and each has its price.
Heads split_together(const Architecture& a, const torch::Tensor& projected_NC, const AttentionContext& context) {
  const auto heads =
      projected_NC.view({context.num_rows, context.num_tokens, 3, a.key_value_heads(), 1, a.head_width()})
          .permute({2, 3, 0, 4, 1, 5})
          .contiguous();
  const auto values = heads.select(0, 2).squeeze(2);
  if (!context.rotary.defined()) return {heads.select(0, 0), heads.select(0, 1).squeeze(2), values};
  const auto rotated = rotate(heads.narrow(0, 0, 2), context.rotary);
  return {rotated.select(0, 0), rotated.select(0, 1).squeeze(2), values};
}

/// [G,B,Q,T,E] contiguous.
torch::Tensor split_heads(const Architecture& a, const torch::Tensor& projected_NC, std::int64_t heads_per_key,
                          const AttentionContext& context) {
  return projected_NC.view({context.num_rows, context.num_tokens, a.key_value_heads(), heads_per_key, a.head_width()})
      .permute({2, 0, 3, 1, 4})
      .contiguous();
}

/// Of heads that are normalized or share keys.
Heads split_separately(const Architecture& a, const BlockParameters& block, const std::array<torch::Tensor, 3>& qkv,
                       const AttentionContext& context) {
  auto queries = split_heads(a, qkv[0], a.heads_per_key(), context);
  auto keys = split_heads(a, qkv[1], 1, context);
  const auto values = split_heads(a, qkv[2], 1, context);
  if (block.query_norm.weight_D.defined()) {
    queries = normalize(a, queries, block.query_norm);
    keys = normalize(a, keys, block.key_norm);
  }
  if (context.rotary.defined()) {
    queries = rotate(queries, context.rotary);
    keys = rotate(keys, context.rotary);
  }
  return {queries, keys.squeeze(2), values.squeeze(2)};
}

Heads project_qkv(const Architecture& a, const BlockParameters& block, const torch::Tensor& normed_ND,
                  const AttentionContext& context) {
  if (block.qkv.size() == 1) return split_together(a, linear(normed_ND, block.qkv.front()), context);
  const std::array qkv{linear(normed_ND, block.qkv[0]), linear(normed_ND, block.qkv[1]),
                       linear(normed_ND, block.qkv[2])};
  const bool are_alike = a.heads_per_key() == 1 && !block.query_norm.weight_D.defined();
  return are_alike ? split_together(a, torch::cat(torch::TensorList(qkv), 1), context)
                   : split_separately(a, block, qkv, context);
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
    if (a.has(Role::kQueryNorm) || a.heads_per_key() != 1) {
      throw std::logic_error("a fused projection whose heads are normalized or shared has no code");
    }
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
  result.keys = result.all_keys = heads.keys;
  result.values = result.all_values = heads.values;
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
