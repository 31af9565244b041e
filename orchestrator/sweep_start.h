#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"
#include "ledger/ownership.h"
#include "ledger/sweep_folder.h"
#include "orchestrator/sweep.h"

namespace lethe::orchestrator {

/// What rank 0 knows before the first task is handed out.
struct SweepStart {
  core::ExperimentConfig config;
  core::Inspection inspection;
  ledger::SweepFolder folder;
  std::unique_ptr<ledger::Ownership> ownership;  ///< of the whole folder
};

/// Reads the config, lets the executor inspect its inputs and writes experiment.json, inspection.json and
/// STATE=INCOMPLETE. nullopt if stopped meanwhile. Throws `core::ConfigError` with every problem found, STATE being
/// CONFIG_ERROR then, unless somebody is at work in the folder or the run before came to its end. Throws
/// `core::OwnedError`, and touches nothing, if another sweep or `lethe cell` is alive there; finding out that a killed
/// one on another host is not takes a few seconds. What the system refuses for a moment is tried again; where it goes
/// on refusing, what it said is thrown, and STATE is INCOMPLETE, or as it was where not even that could be written.
std::optional<SweepStart> start_sweep(const SweepOptions& options, Zygote& zygote,
                                      const std::function<bool()>& should_stop);

/// What `keep_snapshots: newest` lets go and executors did not come to remove, because they ended between the last
/// commit of a cell and its removals: no task of that cell would follow. While nobody else is at work in the folder.
void remove_old_snapshots(const ledger::SweepFolder& folder, const core::ExperimentConfig& config,
                          const core::Inspection& inspection);

/// Problems of a folder that holds results of other settings for the same cells, both values side by side
/// (design C2); empty if there are none.
std::string foreign_results(const ledger::SweepFolder& folder, const core::Inspection& inspection);

}  // namespace lethe::orchestrator
