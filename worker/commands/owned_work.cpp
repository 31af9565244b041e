#include "worker/commands/owned_work.h"

#include <algorithm>

#include "core/error.h"
#include "core/log.h"
#include "worker/prerequisites.h"

namespace lethe::worker::inline commands {
namespace {

ledger::OwnershipOptions options_for(const TaskMonitor& monitor) {
  auto options = ledger::ownership_options();
  options.should_stop = [&monitor] { return monitor.should_stop(); };
  options.on_watch = [](const std::string& holder) {
    core::log_info("owned by " + holder + " before; watching whether it is alive");
  };
  return options;
}

/// A sweep that starts after this look finds the token of the caller, which must own it by now.
void refuse_running_sweep(const Workspace& workspace, const TaskMonitor& monitor) {
  const auto& folder = workspace.folder();
  if (const auto holder = ledger::living_owner(folder.owners(), ledger::kSweepKey, options_for(monitor));
      !holder.empty()) {
    throw core::OwnedError(folder.root().string() + ": a sweep is running in this folder (" + holder + ")" +
                           ledger::kOwnedRemedy);
  }
}

/// Null if told to stop.
std::unique_ptr<ledger::Ownership> own_prerequisite(const Workspace& workspace, const std::string& key,
                                                    const TaskMonitor& monitor) {
  auto ownership = ledger::wait_for_ownership(
      workspace.folder().owners(), key, options_for(monitor),
      [&](const std::string& holder) { core::log_info("waiting for " + holder + ", which computes " + key); });
  if (ownership) refuse_running_sweep(workspace, monitor);
  return ownership;
}

}  // namespace

std::unique_ptr<ledger::Ownership> own_cell(const Workspace& workspace, const core::GridCell& cell,
                                            const TaskMonitor& monitor) {
  auto key = "cell." + cell.name();
  std::replace(key.begin(), key.end(), '/', '+');
  auto claim = ledger::claim_ownership(workspace.folder().owners(), key, options_for(monitor));
  if (!claim.holder.empty()) {
    throw core::OwnedError(workspace.folder().cell(cell).string() + ": " + claim.holder + " is working on this cell" +
                           ledger::kOwnedRemedy);
  }
  if (claim.ownership) refuse_running_sweep(workspace, monitor);
  return std::move(claim.ownership);
}

bool run_own_prerequisite(Workspace& workspace, const core::PrerequisiteTask& task, TaskMonitor& monitor) {
  const auto ownership = own_prerequisite(workspace, task.kind + "." + task.model, monitor);
  return ownership && run_prerequisite(workspace, task, monitor);
}

bool run_own_needs(Workspace& workspace, const core::GridCell& cell, TaskMonitor& monitor) {
  const auto needs = workspace.facts().cell(cell).needs;
  for (const auto& prerequisite : workspace.facts().prerequisites) {
    if (std::ranges::find(needs, prerequisite.key()) == needs.end()) continue;
    if (!run_own_prerequisite(workspace, {prerequisite.kind, prerequisite.model}, monitor)) return false;
  }
  return true;
}

}  // namespace lethe::worker::inline commands
