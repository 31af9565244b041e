#pragma once

#include <memory>
#include <string>
#include <vector>

#include "editing/mend/mend_config.h"
#include "editing/edit_method.h"
#include "editing/mend/mend_editor.h"
#include "editing/mend/mend_gradients.h"

// Legend: K tokens that count, I inputs and O outputs of a weight, Z = I + O.

namespace lethe::editing {

/// Running statistics of each of an editor's networks.
using EditorStatistics = std::vector<RunningMoments>;

/// What an editor makes of an edit's factors, weight by weight in the published order: the pseudo-gradient's factors
/// x~ and rate * sign * d~, differentiable in the editor's tensors. With `absorb`, a weight's rows join the statistics
/// of its network before they are normalised with them (published, in training and with `reset` statistics).
struct EditorOutput {
  std::vector<TrialUpdate> updates;
  EditorStatistics statistics;
  bool has_enough_rows = true;  ///< false: a deviation would need two rows; there are no updates then
};
EditorOutput run_editor(const MendEditor& editor, std::span<const InnerFactors> factors, EditorStatistics statistics,
                        bool absorb, LearningRateOrder order);

/// MEND: one backward, the editor's networks, and an update W + sum over tokens of rate d~ x~^T, as factors of as many
/// ranks as tokens count.
///
/// With `running_statistics: reset` the statistics are the method's state: the rows of every edit are absorbed before
/// they are used. An edit that fails leaves weights and state alone, but for the first edits of a cell with too few
/// rows for a deviation, which are absorbed and recorded as ill-conditioned (the published program stops there).
/// Diagnostics: delta_norm (Frobenius, over all weights), num_rows (tokens of the lowest weight).
class MendMethod final : public EditMethod {
 public:
  /// Throws `core::ConfigError` for a layer the model does not have, `core::DataError` without an editor.
  MendMethod(MendConfig config, const MethodInputs& inputs);

  [[nodiscard]] EditOutcome compute(const model::Network& network,
                                    std::span<const data::EditRequest> requests) const override;
  [[nodiscard]] MethodState initial_state() const override;
  [[nodiscard]] Continuation compute_after(const MethodState& state, const model::Network& network,
                                           std::span<const data::EditRequest> requests) const override;
  [[nodiscard]] std::vector<std::string> edited_parameters() const override;
  [[nodiscard]] bool is_dense() const override { return false; }

 private:
  MendConfig config_;
  const model::Tokenizer& tokenizer_;
  std::shared_ptr<const MendEditor> editor_;

  [[nodiscard]] EditorStatistics statistics_of(const MethodState& state) const;
};

/// The network that a cell's edits start from: the unedited one, or with `pad_class` one of a vocabulary that is one
/// larger. The new embedding is the mean of all rows, its own start from N(0, 0.02) included; GPT-J's new head row is
/// such a draw itself, with bias 0. Draws depend on `seed` alone.
model::Network with_pad_class(const model::Network& unedited, std::uint64_t seed);

}  // namespace lethe::editing
