#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"
#include "orchestrator/scheduling/gpu_models.h"

namespace lethe::orchestrator::inline scheduling {

struct SecondsPerStep;

/// A step edits one fact or several together; the two are never mistaken for each other.
struct SecondsPerFact {
  double value = 0.0;
  [[nodiscard]] SecondsPerStep step(int facts_per_step) const;
  /// Of that many facts; 0 for none.
  [[nodiscard]] double of(std::int64_t num_facts) const {
    return value * static_cast<double>(std::max<std::int64_t>(0, num_facts));
  }
};
struct SecondsPerStep {
  double value = 0.0;
  [[nodiscard]] SecondsPerFact per_fact(int facts_per_step) const { return {value / facts_per_step}; }
};
inline SecondsPerStep SecondsPerFact::step(int facts_per_step) const { return {value * facts_per_step}; }

/// How fast an executor is taken to be before this sweep has measured anything: a current data-centre GPU (data sheet),
/// or a processor core with a good BLAS; `kSafetyFactor` covers what kernels lose against these bounds.
inline constexpr double kSafetyFactor = 3.0;
struct DeviceSpeed {
  double flops_per_second = 0.0;
  double bytes_per_second = 0.0;   ///< memory traffic
  double seconds_per_layer = 0.0;  ///< launch overhead of one layer in one pass
  double disk_bytes_per_second = 0.0;
  double safety_factor = kSafetyFactor;  ///< 1: the floor
};
DeviceSpeed assumed_speed(const core::ExperimentConfig& config);
/// Of one kind of GPU, whatever the config's device is; launches and the disk as they are assumed of any.
DeviceSpeed speed_of(const GpuModel& gpu);
/// The safety factor times the longer of arithmetic and memory traffic, and what launches and the disk add to it.
double seconds_of(const core::Work& work, const DeviceSpeed& speed);

/// Seconds that something took beside those it was taken to; of the newest reports mostly.
struct Measured {
  double seconds = 0.0;
  double amount = 0.0;  ///< facts, or expected seconds
  void add(double more_seconds, double more_amount);
  [[nodiscard]] bool is_there() const { return amount > 0.0; }
  [[nodiscard]] double ratio() const { return seconds / amount; }
};

/// What reductions of a model are expected to take now, for whoever asks about many of them.
struct ReductionPrices {
  struct Part {
    double seconds = 0.0;
    double seconds_per_edit = 0.0;  ///< and for each edit up to the checkpoint
  };
  double overhead = 0.0;  ///< of a task, beside its parts
  std::map<core::ReductionPart, Part> parts;
  [[nodiscard]] double of(std::int64_t edits, std::span<const core::ReductionPart> parts_due) const;
};

/// Expected durations of a sweep's tasks on one executor: the work that its inspection found, at assumed speeds,
/// corrected by what this sweep has measured. What was not measured yet is corrected as its neighbours were: a method
/// as other methods of the model, a model as other models, reductions as edits. It knows neither methods nor models.
class CostModel {
 public:
  /// At `assumed_speed`.
  CostModel(const core::ExperimentConfig& config, const core::Inspection& inspection);
  CostModel(const core::ExperimentConfig& config, const core::Inspection& inspection, const DeviceSpeed& speed);

  [[nodiscard]] double seconds_of(const core::Work& work) const { return scheduling::seconds_of(work, speed_); }
  [[nodiscard]] double load_seconds(const std::string& model) const;
  /// One fact's share of an edit, with the scoring right after it and the commits between.
  [[nodiscard]] SecondsPerFact edit_seconds(const std::string& method, const std::string& model) const;
  /// This sweep has timed edits of that method and model.
  [[nodiscard]] bool has_timed_edits(const std::string& method, const std::string& model) const {
    return edits_of(method, model).measured.is_there();
  }
  [[nodiscard]] ReductionPrices reduction_prices(const std::string& model) const;
  /// With what a task adds to its parts: the model moved to the checkpoint, the commit.
  [[nodiscard]] double reduction_seconds(const std::string& model, std::int64_t edits,
                                         std::span<const core::ReductionPart> parts) const;
  /// Of a prerequisite whose work is priced at `expected_seconds`, by what others of its kind and model took.
  [[nodiscard]] double prerequisite_seconds(const std::string& kind, const std::string& model,
                                            double expected_seconds) const;
  /// The same, never less than assumed until this very work was measured: for limits, which must not be too short.
  [[nodiscard]] SecondsPerFact cautious_edit_seconds(const std::string& method, const std::string& model) const;
  [[nodiscard]] double cautious_reduction_seconds(const std::string& model, std::int64_t edits,
                                                  std::span<const core::ReductionPart> parts) const;

  /// What an executor's first step says of itself. It warms caches up, so it counts until there is better.
  void observe_first_step(const std::string& method, const std::string& model, SecondsPerFact seconds);
  /// So many facts of this method and model came one after another in that time on the wall.
  void observe_edits(const std::string& method, const std::string& model, std::int64_t num_facts, double seconds);
  /// One part of a reduction, the model being there.
  void observe_part(const std::string& model, std::int64_t edits, core::ReductionPart part, double seconds);
  /// What a reduction took beside its parts on an executor that held the cell.
  void observe_reduction_overhead(const std::string& model, double seconds);
  void observe_prerequisite(const std::string& kind, const std::string& model, double expected_seconds, double seconds);

 private:
  struct ModelPriors {
    double load = 0.0;
    double tasks = 0.0;
    double forgetting_per_edit = 0.0;
    double scores_per_edit = 0.0;
    double texts = 0.0;
    double monitor = 0.0;
  };
  struct EditSeconds {
    double prior = 0.0;
    double first_step = 0.0;  // 0: none was seen
    Measured measured = {};   // facts
    [[nodiscard]] double scale() const { return measured.ratio() / prior; }
  };
  using PartKey = std::pair<std::string, core::ReductionPart>;
  DeviceSpeed speed_;
  std::map<std::string, ModelPriors> priors_;
  std::map<std::pair<std::string, std::string>, EditSeconds> edits_;  // by model and method
  std::map<PartKey, Measured> parts_;
  std::map<std::string, Measured> overheads_;                              // by model; tasks
  std::map<std::pair<std::string, std::string>, Measured> prerequisites_;  // by kind and model

  [[nodiscard]] const EditSeconds& edits_of(const std::string& method, const std::string& model) const;
  [[nodiscard]] double part_prior(const std::string& model, std::int64_t edits, core::ReductionPart part) const;
  /// Measured by assumed, of edits of this model, else of any; 1 if there are none.
  [[nodiscard]] double edit_scale(const std::string& model) const;
  /// Of one part's file: what a distance takes, which is little else; 0 until one was timed.
  [[nodiscard]] double commit_seconds(const std::string& model) const;
  [[nodiscard]] double part_scale(const std::string& model, core::ReductionPart part) const;
};

}  // namespace lethe::orchestrator::inline scheduling
