#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <torch/types.h>

#include "data/edit_request.h"
#include "editing/mend/mend_editor.h"
#include "model/network.h"
#include "model/tokenizer/tokenizer.h"

// Legend: B rows, T tokens of a row (padded), N rows x tokens, D width, I inputs and O outputs of a weight, K tokens
// that count.

namespace lethe::editing {

/// A text of which some tokens are to be predicted. The last token is left out: nothing is predicted from it.
struct LabelledRow {
  std::vector<model::TokenId> ids;
  std::vector<std::int64_t> positions;     ///< `positions[j]` predicts `targets[j]`
  std::vector<model::TokenId> target_ids;  ///< the last tokens of the whole text, as many as the target has on its own
};

/// `text` and the (spaced) target behind it, tokenised as one. Throws `core::DataError` beginning with `place` for a
/// target or prompt without tokens, or too many of them.
LabelledRow labelled_row(const std::string& text, const std::string& target, const model::Tokenizer& tokenizer,
                         std::int64_t max_positions, const std::string& place);
/// Of a request's edit prompt and new target.
LabelledRow labelled_row(const data::EditRequest& request, const model::Tokenizer& tokenizer,
                         std::int64_t max_positions);

/// Mean NLL over all labelled tokens of the rows; `hidden_BTD` is what `Network::logits` takes. Differentiable.
torch::Tensor mean_label_nll(const model::Network& network, const torch::Tensor& hidden_BTD,
                             std::span<const LabelledRow> rows);

/// What one weight saw of an edit: its inputs X and the gradients D of the loss by its outputs, at the tokens where
/// neither is all zero, rows in order.
struct InnerFactors {
  torch::Tensor inputs_KI;
  torch::Tensor gradients_KO;
};

struct InnerGradients {
  double loss = 0.0;
  std::vector<InnerFactors> factors;  ///< as `parameters`
};

/// X and D of all edited weights, by one forward and one backward of the mean NLL of `rows` through the layers from the
/// lowest edited one up; those below run without a graph. Nothing of the result has a graph.
InnerGradients inner_gradients(const model::Network& network, std::span<const InnerParameter> parameters,
                               std::span<const LabelledRow> rows);

/// An update that is not in the weights yet: W + left right^T, with right = `inputs_KI`^T and left = `outputs_KO`^T.
struct TrialUpdate {
  torch::Tensor inputs_KI;
  torch::Tensor outputs_KO;
};
/// A `modify_mlp` that adds each update's effect, (x . inputs) outputs, to its projection's output: the edited network
/// without its weights being formed, differentiable in the updates. The arguments must outlive the result.
std::function<torch::Tensor(int, model::MlpProjection, const torch::Tensor&, const torch::Tensor&)> with_trial_updates(
    std::span<const InnerParameter> parameters, std::span<const TrialUpdate> updates);

/// The lowest block that holds an edited weight.
int lowest_layer(std::span<const InnerParameter> parameters);

}  // namespace lethe::editing
