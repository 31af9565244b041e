#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"
#include "tests/orchestrator/simulated_sweep.h"

namespace lethe::bench {

/// What things take in a simulated sweep.
struct Durations {
  struct Model {
    double load_seconds = 0.0;
    double tasks_seconds = 0.0;            ///< of all downstream tasks, once
    double forgetting_seconds_each = 0.0;  ///< an earlier edit
  };
  std::map<std::string, Model> models;
  std::map<std::pair<std::string, std::string>, double> fact_seconds;  ///< by method and model
  double commit_seconds = 0.03;
  double spread = 0.1;  ///< cells differ by at most this share from their method and model, which nobody knows before
  double mispricing = 1.0;  ///< methods are priced at up to that many times what they take, or at that part of it
};

/// A sweep with what it takes; how it is priced before anything is measured is in `inspection`.
struct SimulatedWorld {
  core::ExperimentConfig config;
  Durations durations;
  core::Inspection inspection;

  /// One step of a cell, as it takes it.
  [[nodiscard]] double step_seconds(const core::GridCell& cell) const;
  [[nodiscard]] double part_seconds(const core::GridCell& cell, std::int64_t edits, core::ReductionPart part) const;
  [[nodiscard]] double reduction_seconds(const core::ReduceTask& task) const;
  /// Edits and reductions of all cells; neither loading nor rebuilding.
  [[nodiscard]] double all_seconds() const;
  /// The longest cell with its last reduction, which no number of ranks makes shorter.
  [[nodiscard]] double longest_seconds() const;
  void set_up(orchestrator::testing::SimulatedSweep& sweep) const;
};

/// configs/paper.yaml, at the times of docs/capacity.md.
SimulatedWorld paper_world(double mispricing);
/// `num_cells` cells of four methods and two models, hours each; a checkpoint every 10 edits.
SimulatedWorld large_world(int num_cells, std::int64_t edits, double seconds_of_an_edit);

}  // namespace lethe::bench
