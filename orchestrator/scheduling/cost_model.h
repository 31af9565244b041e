#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "core/config/schedule.h"
#include "core/contract/inspection.h"

namespace lethe::orchestrator::inline scheduling {

/// How fast an executor is taken to be before this sweep has measured anything: a current data-centre GPU (data sheet),
/// or a processor core with a good BLAS; `kSafetyFactor` covers what kernels lose against these bounds.
struct DeviceSpeed {
  double flops_per_second = 0.0;
  double bytes_per_second = 0.0;   ///< memory traffic
  double seconds_per_layer = 0.0;  ///< launch overhead of one layer in one pass
  double disk_bytes_per_second = 0.0;
};
DeviceSpeed assumed_speed(const core::ExperimentConfig& config);
inline constexpr double kSafetyFactor = 3.0;

/// Expected durations of a sweep's tasks on one executor: arithmetic and weight traffic of the algorithms (each step
/// counted at max(FLOP time, traffic time)) x `kSafetyFactor`, corrected by what this sweep has measured.
class CostModel {
 public:
  CostModel(const core::ExperimentConfig& config, const core::Inspection& inspection);

  [[nodiscard]] double load_seconds(const std::string& model) const;
  [[nodiscard]] double moments_seconds(const std::string& model) const;
  /// Of the training of the model's MEND editor, were it to run to its last iteration; of its longest step.
  [[nodiscard]] double editor_seconds(const std::string& model) const;
  [[nodiscard]] double editor_step_seconds(const std::string& model) const;
  /// Adding the partial sums of that many slices, all layers.
  [[nodiscard]] double moments_sum_seconds(const std::string& model, std::int64_t num_slices) const;
  [[nodiscard]] double baseline_seconds(const std::string& model) const;
  /// One edit with the scoring right after it.
  [[nodiscard]] double edit_seconds(const std::string& method, const std::string& model) const;
  [[nodiscard]] double reduction_seconds(const std::string& model, std::int64_t edits,
                                         std::span<const core::ReductionPart> parts) const;

  /// Mean seconds of recent edits of this method and model.
  void observe_edits(const std::string& method, const std::string& model, double seconds_per_edit);
  void observe_reduction(const std::string& model, std::int64_t edits, std::span<const core::ReductionPart> parts,
                         double seconds);

 private:
  struct ModelPriors {
    double load = 0.0;
    double moments = 0.0;
    double editor = 0.0;
    double editor_step = 0.0;
    double moments_file = 0.0;  // reading the partial sums of one slice
    double tasks = 0.0;
    double forgetting_per_edit = 0.0;
    double distance = 0.0;
  };
  std::map<std::string, ModelPriors> priors_;
  std::map<std::string, double> edit_seconds_;  // by "<method>/<model>": prior, then moving average
  std::map<std::string, bool> is_edit_measured_;
  std::map<std::string, double> reduction_ratio_;  // by model: measured / prior, moving average

  [[nodiscard]] double reduction_prior(const std::string& model, std::int64_t edits,
                                       std::span<const core::ReductionPart> parts) const;
};

/// Arithmetic and weight traffic of one task, before any speed is assumed.
struct Work {
  double flops = 0.0;
  double bytes = 0.0;
  double layer_passes = 0.0;
};
/// Tokens of all downstream tasks with their shared prefixes once; estimated from the sizes of their files.
double task_tokens(const core::ExperimentConfig& config);
Work edit_work(const core::MethodConfig& method, const core::ModelFacts& facts);
Work scoring_work(const core::ModelFacts& facts);
double seconds_of(const Work& work, const DeviceSpeed& speed);

}  // namespace lethe::orchestrator::inline scheduling
