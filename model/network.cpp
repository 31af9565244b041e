#include "model/network.h"

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "core/shape.h"

namespace lethe::model {
namespace {

/// 0 where `is_seen`, minus infinity elsewhere.
torch::Tensor additive_mask(const torch::Tensor& is_seen, torch::Dtype dtype) {
  const auto options = torch::TensorOptions().dtype(dtype).device(is_seen.device());
  return torch::zeros(is_seen.sizes(), options)
      .masked_fill_(is_seen.logical_not(), -std::numeric_limits<double>::infinity());
}

/// [T,T]: a token sees itself and what is before it. Padding stands behind all real tokens, so nothing sees it.
torch::Tensor causal_mask(std::int64_t num_tokens, const torch::TensorOptions& options) {
  return torch::full({num_tokens, num_tokens}, -std::numeric_limits<double>::infinity(), options).triu_(1);
}

/// [b,P]: the first lengths[r] positions.
torch::Tensor length_mask(const KeyValues& prefix, std::int64_t num_positions, torch::Dtype dtype) {
  const auto position_P = torch::arange(num_positions, prefix.lengths.options());
  return additive_mask(position_P.unsqueeze(0) < prefix.lengths.unsqueeze(1), dtype);
}

void check_prefix(const KeyValues& prefix, int first_layer, int last_layer, std::int64_t num_rows) {
  for (int layer = first_layer; layer <= last_layer; ++layer) {
    const auto index = static_cast<std::size_t>(layer);
    if (index >= prefix.keys.size() || !prefix.keys[index].defined()) {
      throw core::ModelError("the K/V prefix lacks layer " + std::to_string(layer) + " of the forward");
    }
    if (prefix.keys[index].size(0) != num_rows) {
      throw core::ModelError("the K/V prefix holds " + std::to_string(prefix.keys[index].size(0)) + " rows for " +
                             std::to_string(num_rows));
    }
  }
}

/// Tells the forward's prefixes apart: one shared by all rows, one row by row.
void set_prefixes(AttentionContext& context, const ForwardOptions& options) {
  const bool has_prefix = options.prefix != nullptr && !options.prefix->empty();
  const bool has_rows = options.row_prefix != nullptr && !options.row_prefix->empty();
  const bool is_shared = has_prefix && options.prefix->lengths.size(0) == 1;
  if (has_prefix && !is_shared && has_rows) {
    throw core::ModelError("a forward has two row by row prefixes; `prefix` must then be shared (b = 1)");
  }
  if (is_shared) context.shared_prefix = options.prefix;
  if (has_rows) context.row_prefix = options.row_prefix;
  if (has_prefix && !is_shared) context.row_prefix = options.prefix;
  if (context.shared_prefix != nullptr) {
    check_prefix(*context.shared_prefix, options.first_layer, options.last_layer, 1);
  }
  if (context.row_prefix != nullptr) {
    check_prefix(*context.row_prefix, options.first_layer, options.last_layer, context.num_rows);
  }
}

/// [1|G*B,Q*T,S] (see block.h)
torch::Tensor own_mask(const Architecture& a, const KeyValues* row_prefix, int layer, const torch::Tensor& hidden_BTD) {
  const auto num_rows = hidden_BTD.size(0);
  const auto num_tokens = hidden_BTD.size(1);
  const auto causal = causal_mask(num_tokens, hidden_BTD.options().requires_grad(false)).unsqueeze(0);
  if (row_prefix == nullptr) return a.heads_per_key() == 1 ? causal : causal.repeat({1, a.heads_per_key(), 1});
  const auto num_positions = row_prefix->keys[static_cast<std::size_t>(layer)].size(2);
  const auto before = length_mask(*row_prefix, num_positions, hidden_BTD.scalar_type()).unsqueeze(1);
  return torch::cat(
             {before.expand({num_rows, num_tokens, num_positions}), causal.expand({num_rows, num_tokens, num_tokens})},
             2)
      .repeat({a.key_value_heads(), a.heads_per_key(), 1});
}

LayerPrefix layer_prefix(const AttentionContext& context, int layer) {
  const auto index = static_cast<std::size_t>(layer);
  LayerPrefix prefix;
  if (context.shared_prefix != nullptr) {
    prefix.shared_keys = context.shared_prefix->keys[index].squeeze(0);
    prefix.shared_values = context.shared_prefix->values[index].squeeze(0);
  }
  if (context.row_prefix != nullptr) {
    prefix.row_keys = context.row_prefix->keys[index].transpose(0, 1);
    prefix.row_values = context.row_prefix->values[index].transpose(0, 1);
  }
  return prefix;
}

void fill_taps(const ForwardOptions& options, int layer, Site site, const torch::Tensor& value_BTC) {
  for (auto& tap : options.taps) {
    if (tap.layer != layer || tap.site != site) continue;
    tap.value = tap.positions_B.defined() ? at_positions(value_BTC, tap.positions_B) : value_BTC;
  }
}

void check_layers(const ForwardOptions& options, int last_layer, std::int64_t num_layers) {
  const auto is_run = [&](int layer) { return layer >= options.first_layer && layer <= last_layer; };
  if (options.first_layer < 0 || options.first_layer > last_layer + 1 || last_layer >= num_layers) {
    throw core::ModelError("layers " + std::to_string(options.first_layer) + " to " + std::to_string(last_layer) +
                           " are not layers of a model of " + std::to_string(num_layers));
  }
  if (options.modify_projection_output && !is_run(options.modified_layer)) {
    throw core::ModelError("layer " + std::to_string(options.modified_layer) + " is modified but not run");
  }
  for (const auto& tap : options.taps) {
    if (!is_run(tap.layer)) throw core::ModelError("layer " + std::to_string(tap.layer) + " is tapped but not run");
  }
  if (!options.read_positions_N.defined()) return;
  const auto is_last = [&](const Tap& tap) { return tap.layer == last_layer; };
  if (std::any_of(options.taps.begin(), options.taps.end(), is_last) ||
      (options.modify_projection_output && options.modified_layer == last_layer)) {
    throw core::ModelError("layer " + std::to_string(last_layer) +
                           " is run at some positions only, so it cannot be tapped or modified");
  }
}

}  // namespace

TokenRows pad_rows(std::span<const std::vector<TokenId>> rows, torch::Device device) {
  std::size_t longest = 0;
  for (const auto& row : rows) longest = std::max(longest, row.size());
  const auto num_rows = static_cast<std::int64_t>(rows.size());
  auto ids_BT = torch::zeros({num_rows, static_cast<std::int64_t>(longest)}, torch::kInt64);
  auto lengths_B = torch::empty({num_rows}, torch::kInt64);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::copy(rows[r].begin(), rows[r].end(), ids_BT.data_ptr<std::int64_t>() + r * longest);
    lengths_B.data_ptr<std::int64_t>()[r] = static_cast<std::int64_t>(rows[r].size());
  }
  return {ids_BT.to(device), lengths_B.to(device)};
}

torch::Tensor flat_positions(const torch::Tensor& positions_B, std::int64_t num_columns) {
  return torch::arange(positions_B.size(0), positions_B.options()) * num_columns + positions_B;
}

torch::Tensor at_positions(const torch::Tensor& hidden_BTD, const torch::Tensor& positions_B) {
  // A flat row index: its gradient is one index_add, cheaper than that of advanced indexing.
  const auto index = flat_positions(positions_B.to(hidden_BTD.device()), hidden_BTD.size(1));
  return hidden_BTD.flatten(0, 1).index_select(0, index);
}

Network::Network(std::shared_ptr<const Weights> weights) : weights_(std::move(weights)) {
  const auto lookup = [this](const std::string& name) -> const torch::Tensor& { return held(name); };
  for (std::int64_t layer = 0; layer < architecture().num_layers; ++layer) {
    blocks_.push_back(resolve_block(architecture(), layer, lookup));
  }
  resolve_ends();
  rotary_ = rotary_tables(architecture(), device(), dtype());
}

const Architecture& Network::architecture() const { return weights_->architecture(); }
torch::Device Network::device() const { return ends_.token_embedding.device(); }
torch::Dtype Network::dtype() const { return ends_.norm.weight_D.scalar_type(); }

void Network::resolve_ends() {
  const auto lookup = [this](const std::string& name) -> const torch::Tensor& { return held(name); };
  const auto& a = architecture();
  ends_.token_embedding = held(a.embedding().weight);
  if (a.has(Role::kPositionEmbedding)) ends_.position_embedding = held(a.names_of(Role::kPositionEmbedding).weight);
  ends_.norm = resolve_norm(a.names_of(Role::kFinalNorm), lookup);
  ends_.head = resolve_linear(a.head(), lookup);
}

const torch::Tensor& Network::held(const std::string& name) const {
  const auto edited = overlay_.find(name);
  return edited != overlay_.end() ? edited->second : weights_->held(name);
}

torch::Tensor Network::parameter(const std::string& name) const { return held(name).to(dtype()); }

void Network::set_parameter(const std::string& name, torch::Tensor value) {
  const auto& base = weights_->held(name);
  if (value.is_same(base)) {
    overlay_.erase(name);
  } else {
    if (value.sizes() != base.sizes() || value.scalar_type() != dtype() || value.device() != base.device()) {
      throw core::ModelError(name + ": a value of shape " + core::shape_text(value.sizes()) +
                             " cannot replace one of shape " + core::shape_text(base.sizes()) +
                             "; shape, dtype and device must agree");
    }
    overlay_[name] = value.contiguous();
  }
  resolve(name);
}

void Network::resolve(const std::string& changed_parameter) {
  const auto lookup = [this](const std::string& name) -> const torch::Tensor& { return held(name); };
  if (const auto block = architecture().block_of(changed_parameter)) {
    blocks_[static_cast<std::size_t>(*block)] = resolve_block(architecture(), *block, lookup);
  } else {
    resolve_ends();
  }
}

std::vector<std::string> Network::edited_parameters() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : overlay_) names.push_back(name);
  return names;
}

int Network::first_edited_block() const {
  const auto& a = architecture();
  auto first = a.num_layers;
  for (const auto& [name, value] : overlay_) {
    if (a.is_before_blocks(name)) return 0;
    first = std::min(first, a.block_of(name).value_or(first));
  }
  return static_cast<int>(first);
}

torch::Tensor Network::embed(const torch::Tensor& ids_BT, const torch::Tensor& offsets_B) const {
  const auto num_tokens = ids_BT.size(1);
  const auto max_positions = architecture().max_positions;
  if (num_tokens > max_positions) {
    throw core::ModelError("a row of " + std::to_string(num_tokens) + " tokens exceeds the model's " +
                           std::to_string(max_positions) + " positions");
  }
  // Rows are widened, never a whole table.
  const auto tokens_BTD = torch::embedding(ends_.token_embedding, ids_BT).to(dtype());
  if (!ends_.position_embedding.defined()) return tokens_BTD;
  if (!offsets_B.defined()) return tokens_BTD + ends_.position_embedding.narrow(0, 0, num_tokens).to(dtype());
  const auto positions = offsets_B.unsqueeze(1) + torch::arange(num_tokens, offsets_B.options());
  return tokens_BTD + torch::embedding(ends_.position_embedding, positions.clamp_max(max_positions - 1)).to(dtype());
}

AttentionContext Network::attention_context(const torch::Tensor& hidden_BTD, const ForwardOptions& options) const {
  AttentionContext context;
  context.num_rows = hidden_BTD.size(0);
  context.num_tokens = hidden_BTD.size(1);
  set_prefixes(context, options);
  context.own_mask = own_mask(architecture(), context.row_prefix, options.first_layer, hidden_BTD);
  torch::Tensor offsets;
  if (context.shared_prefix != nullptr) {
    const auto num_positions = context.shared_prefix->keys[static_cast<std::size_t>(options.first_layer)].size(2);
    context.shared_mask = length_mask(*context.shared_prefix, num_positions, dtype()).unsqueeze(1);
    offsets = context.shared_prefix->lengths;
  }
  if (context.row_prefix != nullptr) {
    offsets = offsets.defined() ? offsets + context.row_prefix->lengths : context.row_prefix->lengths;
  }
  if (!rotary_.defined()) return context;

  context.rotary.form = rotary_.form;
  const auto e = architecture().head_width();
  if (!offsets.defined()) {
    context.rotary.cosines = rotary_.cosines.narrow(0, 0, context.num_tokens).view({1, 1, -1, e});
    context.rotary.signed_sines = rotary_.signed_sines.narrow(0, 0, context.num_tokens).view({1, 1, -1, e});
    return context;
  }
  const auto positions = (offsets.unsqueeze(1) + torch::arange(context.num_tokens, offsets.options()))
                             .clamp_max(architecture().max_positions - 1)
                             .flatten();
  const std::vector<std::int64_t> shape{offsets.size(0), 1, context.num_tokens, e};
  context.rotary.cosines = rotary_.cosines.index_select(0, positions).view(shape);
  context.rotary.signed_sines = rotary_.signed_sines.index_select(0, positions).view(shape);
  return context;
}

torch::Tensor Network::forward_mlp(int layer, const torch::Tensor& normed_ND, const AttentionContext& context,
                                   const ForwardOptions& options) const {
  const auto& block = blocks_[static_cast<std::size_t>(layer)];
  const auto rows_of = [&](const torch::Tensor& flat) {
    return flat.view({context.num_rows, context.num_tokens, flat.size(1)});
  };
  const auto project = [&](MlpProjection which, const torch::Tensor& input_NI, const LinearParameters& projection) {
    const auto output_NO = linear(input_NI, projection);
    return options.modify_mlp ? options.modify_mlp(layer, which, input_NI, output_NO) : output_NO;
  };
  const auto gate_NF = block.gate_projection.weight_OI.defined()
                           ? project(MlpProjection::kGate, normed_ND, block.gate_projection)
                           : torch::Tensor();
  const auto inner_NF =
      activate(architecture().family->mlp, project(MlpProjection::kInput, normed_ND, block.up_projection), gate_NF);
  if (!options.taps.empty()) fill_taps(options, layer, Site::kProjectionInput, rows_of(inner_NF));
  const auto output_ND = project(MlpProjection::kOutput, inner_NF, block.down_projection);
  if (!options.taps.empty()) fill_taps(options, layer, Site::kProjectionOutput, rows_of(output_ND));
  if (!options.modify_projection_output || options.modified_layer != layer) return output_ND;
  return options.modify_projection_output(rows_of(output_ND)).flatten(0, 1);
}

torch::Tensor Network::forward_block(int layer, const torch::Tensor& hidden_ND, const AttentionContext& context,
                                     const ForwardOptions& options) const {
  const auto& a = architecture();
  const auto& block = blocks_[static_cast<std::size_t>(layer)];
  const auto normed_ND = normalize(a, hidden_ND, block.attention_norm);
  const auto attention = attend(a, block, normed_ND, context, layer_prefix(context, layer));
  if (options.collected != nullptr) {
    const auto& keys = options.collect_row_prefix ? attention.all_keys : attention.keys;
    const auto& values = options.collect_row_prefix ? attention.all_values : attention.values;
    options.collected->keys[static_cast<std::size_t>(layer)] = keys.transpose(0, 1);
    options.collected->values[static_cast<std::size_t>(layer)] = values.transpose(0, 1);
  }
  // What follows attention is done position by position: in the last layer, only where someone reads.
  const auto read = [&](const torch::Tensor& all_ND) {
    const bool is_partial = layer == options.last_layer && options.read_positions_N.defined();
    return is_partial ? all_ND.index_select(0, options.read_positions_N) : all_ND;
  };
  const auto mixed_ND = linear(read(attention.output_NC), block.attention_output);
  if (a.family->residual == ResidualForm::kParallel) {
    return read(hidden_ND) + (mixed_ND + forward_mlp(layer, read(normed_ND), context, options));
  }
  const auto middle_ND = read(hidden_ND) + mixed_ND;
  return middle_ND + forward_mlp(layer, normalize(a, middle_ND, block.mlp_norm), context, options);
}

void Network::start_collection(const AttentionContext& context, const ForwardOptions& options) const {
  auto& collected = *options.collected;
  collected.keys.assign(static_cast<std::size_t>(architecture().num_layers), {});
  collected.values.assign(static_cast<std::size_t>(architecture().num_layers), {});
  collected.lengths = torch::full({context.num_rows}, context.num_tokens, torch::dtype(torch::kInt64).device(device()));
  if (options.collect_row_prefix && context.row_prefix != nullptr) {
    collected.lengths = collected.lengths + context.row_prefix->lengths;
  }
}

torch::Tensor Network::forward_layers(const torch::Tensor& hidden_BTD, const ForwardOptions& given) const {
  auto options = given;
  const auto num_layers = architecture().num_layers;
  if (options.last_layer < 0) options.last_layer = static_cast<int>(num_layers) - 1;
  check_layers(options, options.last_layer, num_layers);
  if (options.first_layer > options.last_layer) {
    if (!options.read_positions_N.defined()) return hidden_BTD;
    return hidden_BTD.flatten(0, 1).index_select(0, options.read_positions_N);
  }
  const auto context = attention_context(hidden_BTD, options);
  if (options.collected != nullptr) start_collection(context, options);
  auto hidden_ND = hidden_BTD.reshape({-1, architecture().width});
  for (int layer = options.first_layer; layer <= options.last_layer; ++layer) {
    hidden_ND = forward_block(layer, hidden_ND, context, options);
    if (!options.taps.empty()) {
      fill_taps(options, layer, Site::kBlockOutput, hidden_ND.view(hidden_BTD.sizes()));
    }
  }
  return options.read_positions_N.defined() ? hidden_ND : hidden_ND.view(hidden_BTD.sizes());
}

torch::Tensor Network::logits(const torch::Tensor& hidden_ND) const {
  return linear(normalize(architecture(), hidden_ND, ends_.norm), ends_.head);
}

torch::Tensor Network::forward(const TokenRows& rows) const { return logits(forward_layers(embed(rows.ids_BT))); }

}  // namespace lethe::model
