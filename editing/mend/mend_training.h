#pragma once

#include <cstdint>

#include "editing/adam.h"
#include "editing/mend/mend.h"
#include "editing/mend/mend_config.h"
#include "editing/mend/mend_data.h"

namespace lethe::editing {

/// Losses of an iteration, or means over a validation; nats per token.
struct MendLosses {
  double edit = 0.0;
  double locality = 0.0;
  double total = 0.0;  ///< weighted as the config says
};

/// A deep copy: nothing is shared with `editor`.
MendEditor copied(const MendEditor& editor);

/// All that a training goes on from, after a step: no gradients are pending.
struct MendTrainingState {
  std::int64_t next_iteration = 0;
  MendEditor editor;
  AdamState networks;
  AdamState rates;
  MendEditor best;  ///< at the lowest validation loss so far
  double best_loss = 0.0;
  std::int64_t best_iteration = -1;  ///< -1: not validated yet
};
MendTrainingState initial_training_state(const MendConfig& config, const model::Network& network);

/// Trains an editor as published: an iteration edits one record with the present editor and asks the edited network;
///   L = edit_loss_weight * NLL(new target | outer prompt) + locality_loss_weight * KL(before || after) on other texts,
/// gradients of `accumulate` iterations are added (each divided by their number; one that is not finite is left out),
/// clipped by their norm, and given to Adam. The edited network is linear in the update's factors, and the gradients
/// that make them are constants of the editor, so one backward through the top layers gives the editor's gradient.
class MendTrainer {
 public:
  /// References must outlive the object. `network`: what the cells' edits start from (`starting_network`).
  MendTrainer(const model::Network& network, const MendConfig& config, const MendData& data, MendTrainingState state);

  /// One iteration, its step and validation where they are due. A loss that is not finite is returned as it is.
  MendLosses iterate();
  /// After a step: `state()` may be kept.
  [[nodiscard]] bool is_between_steps() const { return gradients_.empty(); }
  /// The last iteration is done, or patience is at its end.
  [[nodiscard]] bool is_finished() const;
  [[nodiscard]] const MendTrainingState& state() const { return state_; }
  /// Of the newest validation.
  [[nodiscard]] const MendLosses& validation() const { return validation_; }

  /// Losses of one example under the present editor; with `train` statistics are absorbed and gradients added.
  MendLosses run_example(const MendExample& example, bool train);
  /// Gradients of the total loss of one example by `MendEditor::trained`, for tests; changes nothing.
  [[nodiscard]] std::vector<torch::Tensor> gradients_of(const MendExample& example);

 private:
  struct Losses {
    torch::Tensor edit, locality, total;
    EditorStatistics statistics;
  };

  const model::Network& network_;
  MendConfig config_;
  const MendData& data_;
  MendTrainingState state_;
  std::vector<torch::Tensor> parameters_;  ///< leaves that alias the editor's tensors: rates first
  std::vector<torch::Tensor> gradients_;   ///< pending; empty between steps
  Adam rate_optimizer_;
  Adam network_optimizer_;
  MendLosses validation_;

  [[nodiscard]] Losses losses_of(const MendExample& example, bool train) const;
  [[nodiscard]] std::vector<torch::Tensor> derivatives(const Losses& losses) const;
  void step();
  void validate();
};

}  // namespace lethe::editing
