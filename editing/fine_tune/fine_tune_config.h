#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "editing/methods/executor_side.h"
#include "editing/value_config.h"

namespace lethe::editing {

/// From which positions the tokens of a target are predicted.
enum class TargetPositions { kLastPromptToken, kTeacherForced };
/// Around which weights the L-inf bound holds.
enum class BoundCentre { kEditStart, kUnedited };

/// Fine-tuning of one layer's MLP projection: FT-C with `linf_bound`, unconstrained FT without. The values here are the
/// published code's; `fidelity: paper` changes what a config leaves open to the paper's text:
///   bound_centre unedited (the bound holds over the whole sequence), tune_bias false (the text names the matrix only),
///   target_positions teacher_forced (log P of the target; the same on single-token targets).
/// Unconstrained FT has no bound, so its `bound_centre` means nothing.
struct FineTuneConfig {
  static constexpr std::array kNames{"ft-c", "ft"};
  static constexpr bool kStoresSnapshots = true;
  static FineTuneConfig defaults(core::Fidelity fidelity);

  int layer = 0;
  int batch_size = 1;   ///< facts edited by one step
  int chunk_size = 64;  ///< facts of a step that one update of the optimiser sees
  int num_steps = 25;
  double learning_rate = 5e-4;
  double weight_decay = 0.0;
  std::optional<double> linf_bound;
  double early_stop_loss = 1e-2;
  bool tune_bias = true;
  TargetPositions target_positions = TargetPositions::kLastPromptToken;
  BoundCentre bound_centre = BoundCentre::kEditStart;
  bool operator==(const FineTuneConfig&) const = default;
};

void visit_fields(core::FieldVisitor& visit, FineTuneConfig& config);
/// FT-C needs its bound, FT has none.
std::string config_problem(const std::string& name, const FineTuneConfig& config);
std::vector<int> edited_layers(const FineTuneConfig& config, std::int64_t num_layers);

std::unique_ptr<EditMethod> make_method(const FineTuneConfig& config, MethodInputs inputs);
Price price_of(const FineTuneConfig& config, const model::Architecture& architecture, std::int64_t num_facts);
/// A bias that is to be tuned and is not there.
std::string architecture_problem(const FineTuneConfig& config, const model::Architecture& architecture);
void check_request(const FineTuneConfig& config, const data::EditRequest& request, const RequestLimits& limits);

}  // namespace lethe::editing
