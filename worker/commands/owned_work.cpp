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
std::unique_ptr<ledger::Ownership> own_prerequisite(Workspace& workspace, const std::string& key,
                                                    const TaskMonitor& monitor) {
  workspace.make_root();
  auto ownership = ledger::wait_for_ownership(
      workspace.folder().owners(), key, options_for(monitor),
      [&](const std::string& holder) { core::log_info("waiting for " + holder + ", which computes " + key); });
  if (ownership) refuse_running_sweep(workspace, monitor);
  return ownership;
}

}  // namespace

std::unique_ptr<ledger::Ownership> own_cell(Workspace& workspace, const core::GridCell& cell,
                                            const TaskMonitor& monitor) {
  auto key = "cell." + cell.name();
  std::replace(key.begin(), key.end(), '/', '+');
  workspace.make_root();
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
  auto needs = workspace.facts().cell(cell).needs;
  const auto& all = workspace.facts().prerequisites;
  const auto is_needed = [&](const core::PrerequisiteFacts& one) {
    return std::ranges::find(needs, one.key()) != needs.end();
  };
  // Each stands after those that it needs itself.
  for (auto one = all.rbegin(); one != all.rend(); ++one) {
    if (is_needed(*one)) needs.insert(needs.end(), one->needs.begin(), one->needs.end());
  }
  return std::ranges::all_of(all, [&](const core::PrerequisiteFacts& one) {
    return !is_needed(one) || run_own_prerequisite(workspace, {one.kind, one.model}, monitor);
  });
}

}  // namespace lethe::worker::inline commands
