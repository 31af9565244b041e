#pragma once

#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"

namespace lethe::orchestrator::testing {

/// What a made-up experiment looks like; no file of it exists.
struct SmallExperiment {
  std::vector<std::string> methods{"rome", "ft-c"};
  std::vector<std::string> models{"small-gpt2", "small-gptj"};
  int num_samples = 2;
  std::int64_t edits = 60;
  std::int64_t checkpoint_every = 10;
  std::int64_t forgetting_every = 10;
  std::int64_t tasks_every = 30;
  bool has_tasks = true;
  std::int64_t corpus_slices = 1;
  int facts_per_step = 1;  ///< of mend, ft-c and ft
};
core::ExperimentConfig make_config(const SmallExperiment& experiment);
/// Facts of models with two layers, identities made from names. Second moments take longest, baselines shortest.
core::Inspection make_inspection(const core::ExperimentConfig& config);

}  // namespace lethe::orchestrator::testing
