#include "editing/value_forward.h"

#include <algorithm>
#include <array>

#include <ATen/ATen.h>

namespace lethe::editing {
namespace {

using Rows = std::vector<std::vector<model::TokenId>>;

at::Tensor positions_tensor(const std::vector<std::int64_t>& positions, torch::Device device) {
  return at::tensor(positions, at::TensorOptions().dtype(at::kLong)).to(device);
}

/// Positions of each row whose hidden states the loss reads.
std::vector<std::vector<std::int64_t>> scored_positions(const EditPrompts& prompts) {
  std::vector<std::vector<std::int64_t>> positions;
  for (std::size_t row = 0; row < prompts.num_contexts(); ++row) {
    std::vector<std::int64_t>& of_row = positions.emplace_back();
    for (std::size_t index = 0; index < prompts.target_ids.size(); ++index) {
      of_row.push_back(prompts.target_position(row, index));
    }
  }
  positions.push_back({prompts.kl_position});
  return positions;
}

/// Index of every scored position in rows of `width` columns laid end to end, row r beginning at starts[r].
at::Tensor flat_scored_index(const EditPrompts& prompts, const std::vector<std::int64_t>& starts, std::int64_t width,
                             torch::Device device) {
  std::vector<std::int64_t> index;
  std::int64_t row = 0;
  for (const auto& of_row : scored_positions(prompts)) {
    for (const std::int64_t position : of_row) {
      index.push_back(row * width + position - starts[static_cast<std::size_t>(row)]);
    }
    ++row;
  }
  return positions_tensor(index, device);
}

/// 1 at column columns_B[r] of row r, else 0: [B,T,1]. Multiplied by delta it is what ROME adds.
at::Tensor one_hot_columns(const at::Tensor& columns_B, std::int64_t width, torch::Dtype dtype) {
  const at::Tensor columns_BT = at::arange(width, columns_B.options()).unsqueeze(0).eq(columns_B.unsqueeze(1));
  return columns_BT.to(dtype).unsqueeze(2);
}

struct LowerPass {
  at::Tensor hidden_BTD;  ///< output of the value's layer
  SubjectStates states;   ///< of every row
};

/// Rows with the positions of their subjects' last tokens.
struct SubjectRows {
  const Rows& rows;
  std::vector<std::int64_t> positions;
};

LowerPass run_lower_layers(const model::Network& network, const SubjectRows& rows, int layer, int key_layer) {
  const at::NoGradGuard no_grad;
  const bool keeps_inputs = key_layer >= 0;
  const at::Tensor positions_B = positions_tensor(rows.positions, network.device());
  std::vector<model::Tap> taps{
      model::Tap{keeps_inputs ? key_layer : layer, model::Site::kProjectionInput, positions_B, {}},
      model::Tap{layer, model::Site::kProjectionOutput, positions_B, {}},
  };
  if (key_layer > 0) {
    taps.push_back({key_layer - 1, model::Site::kBlockOutput, {}, {}});
  }
  model::ForwardOptions options;
  options.last_layer = layer;
  options.taps = taps;
  const at::Tensor embedded_BTD = network.embed(model::pad_rows(rows.rows, network.device()).ids_BT);
  LowerPass pass{network.forward_layers(embedded_BTD, options), {taps[0].value, taps[1].value, {}}};
  if (keeps_inputs) {
    const std::int64_t width = *std::max_element(rows.positions.begin(), rows.positions.end()) + 1;
    pass.states.inputs_CTD = (key_layer > 0 ? taps[2].value : embedded_BTD).narrow(1, 0, width);
  }
  return pass;
}

/// True if the target's text changes no token up to the subject's last one, so that a row gives the key too.
bool rows_give_keys(const EditPrompts& prompts) {
  for (std::size_t row = 0; row < prompts.num_contexts(); ++row) {
    const auto& keys = prompts.key_rows[row];
    const auto end = keys.begin() + prompts.subject_last[row] + 1;
    if (!std::equal(keys.begin(), end, prompts.rows[row].begin())) {
      return false;
    }
  }
  return true;
}

/// The states of the context rows alone, cut out of a pass over all rows where the rows give them.
SubjectStates context_states(const model::Network& network, const EditPrompts& prompts, int layer, int key_layer,
                             const SubjectStates& of_rows) {
  const std::vector<std::int64_t> positions(prompts.subject_last.begin(), prompts.subject_last.end() - 1);
  if (!rows_give_keys(prompts)) {
    return run_lower_layers(network, {prompts.key_rows, positions}, layer, key_layer).states;
  }
  const auto num_contexts = static_cast<std::int64_t>(prompts.num_contexts());
  SubjectStates states{of_rows.keys_CF.narrow(0, 0, num_contexts), of_rows.outputs_CD.narrow(0, 0, num_contexts), {}};
  if (of_rows.inputs_CTD.defined()) {
    const std::int64_t width = *std::max_element(positions.begin(), positions.end()) + 1;
    states.inputs_CTD = of_rows.inputs_CTD.narrow(0, 0, num_contexts).narrow(1, 0, width).contiguous();
  }
  return states;
}

/// v0 of a pass.
at::Tensor value_before(const LowerPass& lower, const EditPrompts& prompts, ValueSite site) {
  if (site == ValueSite::kProjectionOutput) {
    return lower.states.outputs_CD.select(0, 0).clone();
  }
  return lower.hidden_BTD.select(0, 0).select(0, prompts.subject_last.front()).clone();
}

class PlainForward final : public ValueForward {
 public:
  PlainForward(const model::Network& network, const EditPrompts& prompts, int layer, const ValueOptions& options)
      : network_(network), layer_(layer), site_(options.site), rows_(model::pad_rows(prompts.rows, network.device())) {
    const LowerPass lower = run_lower_layers(network, {prompts.rows, prompts.subject_last}, layer, options.key_layer);
    initial_value_D_ = value_before(lower, prompts, options.site);
    subject_states_ = context_states(network, prompts, layer, options.key_layer, lower.states);
    const std::int64_t width = rows_.ids_BT.size(1);
    is_subject_BT1_ = one_hot_columns(positions_tensor(prompts.subject_last, network.device()), width, network.dtype());
    scored_S_ = flat_scored_index(prompts, std::vector<std::int64_t>(prompts.rows.size(), 0), width, network.device());
  }

  [[nodiscard]] torch::Tensor scored_hidden(const torch::Tensor& delta_D) const override {
    const auto shifted = [&](const at::Tensor& output_BTD) { return output_BTD + is_subject_BT1_ * delta_D; };
    model::ForwardOptions options;
    options.last_layer = layer_;
    if (site_ == ValueSite::kProjectionOutput) {
      options.modified_layer = layer_;
      options.modify_projection_output = shifted;
    }
    at::Tensor hidden_BTD = network_.forward_layers(network_.embed(rows_.ids_BT), options);
    if (site_ == ValueSite::kBlockOutput) {
      hidden_BTD = shifted(hidden_BTD);
    }
    model::ForwardOptions above;
    above.first_layer = layer_ + 1;
    hidden_BTD = network_.forward_layers(hidden_BTD, above);
    return hidden_BTD.flatten(0, 1).index_select(0, scored_S_);
  }

 private:
  const model::Network& network_;
  int layer_;
  ValueSite site_;
  model::TokenRows rows_;
  at::Tensor is_subject_BT1_;
  at::Tensor scored_S_;
};

class SuffixForward final : public ValueForward {
 public:
  SuffixForward(const model::Network& network, const EditPrompts& prompts, int layer, const ValueOptions& options)
      : network_(network), first_layer_(layer + 1) {
    const at::NoGradGuard no_grad;
    Rows rows = prompts.rows;
    // Nothing is read behind the KL position.
    rows.back().resize(static_cast<std::size_t>(std::max(prompts.kl_position, prompts.subject_last.back()) + 1));
    const LowerPass lower = run_lower_layers(network, {rows, prompts.subject_last}, layer, options.key_layer);
    initial_value_D_ = value_before(lower, prompts, options.site);
    subject_states_ = context_states(network, prompts, layer, options.key_layer, lower.states);
    const std::vector<std::int64_t> starts = suffix_starts(prompts);
    cut_suffixes(prompts, rows, lower.hidden_BTD, starts);
    if (first_layer_ < network.architecture().num_layers) {
      fill_prefix(lower.hidden_BTD, starts);
    }
  }

  [[nodiscard]] torch::Tensor scored_hidden(const torch::Tensor& delta_D) const override {
    model::ForwardOptions options;
    options.first_layer = first_layer_;
    options.prefix = prefix_.empty() ? nullptr : &prefix_;
    options.read_positions_N = scored_S_;
    return network_.forward_layers(suffix_BTD_ + is_subject_BT1_ * delta_D, options);
  }

 private:
  /// The subject's last token; earlier where a merged token puts a scored position before it.
  static std::vector<std::int64_t> suffix_starts(const EditPrompts& prompts) {
    std::vector<std::int64_t> starts = prompts.subject_last;
    const auto scored = scored_positions(prompts);
    for (std::size_t row = 0; row < starts.size(); ++row) {
      starts[row] = std::min(starts[row], scored[row].front());
    }
    return starts;
  }

  void cut_suffixes(const EditPrompts& prompts, const Rows& rows, const at::Tensor& hidden_BTD,
                    const std::vector<std::int64_t>& starts) {
    std::int64_t width = 0;
    std::vector<std::int64_t> offsets;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      width = std::max(width, static_cast<std::int64_t>(rows[row].size()) - starts[row]);
      offsets.push_back(prompts.subject_last[row] - starts[row]);
    }
    const at::Tensor starts_B = positions_tensor(starts, network_.device());
    const std::int64_t num_columns = hidden_BTD.size(1);
    // Columns past a row's end repeat its last one: padding, which no real token sees.
    const at::Tensor columns_BT =
        (starts_B.unsqueeze(1) + at::arange(width, starts_B.options())).clamp_max(num_columns - 1);
    const at::Tensor first_B1 = at::arange(hidden_BTD.size(0), starts_B.options()).unsqueeze(1) * num_columns;
    suffix_BTD_ = hidden_BTD.flatten(0, 1)
                      .index_select(0, (first_B1 + columns_BT).flatten())
                      .view({hidden_BTD.size(0), width, hidden_BTD.size(2)});
    is_subject_BT1_ = one_hot_columns(positions_tensor(offsets, network_.device()), width, network_.dtype());
    scored_S_ = flat_scored_index(prompts, starts, width, network_.device());
  }

  void fill_prefix(const at::Tensor& hidden_BTD, const std::vector<std::int64_t>& starts) {
    const std::int64_t longest = *std::max_element(starts.begin(), starts.end());
    if (longest == 0) {
      return;
    }
    model::KeyValues collected;
    model::ForwardOptions options;
    options.first_layer = first_layer_;
    options.collected = &collected;
    static_cast<void>(network_.forward_layers(hidden_BTD.narrow(1, 0, longest).contiguous(), options));
    prefix_ = std::move(collected);
    prefix_.lengths = positions_tensor(starts, network_.device());
  }

  const model::Network& network_;
  int first_layer_;
  model::KeyValues prefix_;
  at::Tensor suffix_BTD_;
  at::Tensor is_subject_BT1_;
  at::Tensor scored_S_;
};

}  // namespace

std::unique_ptr<ValueForward> suffix_forward(const model::Network& network, const EditPrompts& prompts, int layer,
                                             const ValueOptions& options) {
  return std::make_unique<SuffixForward>(network, prompts, layer, options);
}

std::unique_ptr<ValueForward> plain_forward(const model::Network& network, const EditPrompts& prompts, int layer,
                                            const ValueOptions& options) {
  return std::make_unique<PlainForward>(network, prompts, layer, options);
}

}  // namespace lethe::editing
