#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"

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
struct DeviceSpeed {
  double flops_per_second = 0.0;
  double bytes_per_second = 0.0;   ///< memory traffic
  double seconds_per_layer = 0.0;  ///< launch overhead of one layer in one pass
  double disk_bytes_per_second = 0.0;
};
DeviceSpeed assumed_speed(const core::ExperimentConfig& config);
inline constexpr double kSafetyFactor = 3.0;
/// `kSafetyFactor` times the longer of arithmetic and memory traffic, and what launches and the disk add to it.
double seconds_of(const core::Work& work, const DeviceSpeed& speed);

/// Expected durations of a sweep's tasks on one executor: the work that its inspection found, at assumed speeds,
/// corrected by what this sweep has measured. It knows neither methods nor models.
class CostModel {
 public:
  CostModel(const core::ExperimentConfig& config, const core::Inspection& inspection);

  [[nodiscard]] double seconds_of(const core::Work& work) const { return scheduling::seconds_of(work, speed_); }
  [[nodiscard]] double load_seconds(const std::string& model) const;
  /// One fact's share of an edit, with the scoring right after it.
  [[nodiscard]] SecondsPerFact edit_seconds(const std::string& method, const std::string& model) const;
  [[nodiscard]] double reduction_seconds(const std::string& model, std::int64_t edits,
                                         std::span<const core::ReductionPart> parts) const;

  /// Mean seconds of recent facts of this method and model.
  void observe_edits(const std::string& method, const std::string& model, SecondsPerFact seconds);
  void observe_reduction(const std::string& model, std::int64_t edits, std::span<const core::ReductionPart> parts,
                         double seconds);

 private:
  struct ModelPriors {
    double load = 0.0;
    double tasks = 0.0;
    double forgetting_per_edit = 0.0;
    double scores_per_edit = 0.0;
  };
  struct EditSeconds {
    double value = 0.0;  // prior, then moving average
    bool is_measured = false;
  };
  DeviceSpeed speed_;
  std::map<std::string, ModelPriors> priors_;
  std::map<std::string, EditSeconds> edits_;       // by "<method>/<model>"
  std::map<std::string, double> reduction_ratio_;  // by model: measured / prior, moving average

  [[nodiscard]] double reduction_prior(const std::string& model, std::int64_t edits,
                                       std::span<const core::ReductionPart> parts) const;
};

}  // namespace lethe::orchestrator::inline scheduling
