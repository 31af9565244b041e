#include "orchestrator/display/sweep_look.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "core/contract/inspection.h"
#include "core/error.h"
#include "core/log.h"
#include "ledger/cancelled_cells.h"
#include "ledger/cell_identities.h"
#include "ledger/folder_probe.h"
#include "ledger/ownership.h"
#include "orchestrator/scheduling/ledger_view.h"

namespace lethe::orchestrator::inline display {
namespace {

namespace fs = std::filesystem;

/// Failures "<verb> <cell>..." by cell name.
std::map<std::string, std::string> failures_by_cell(const RunStatus& run) {
  std::map<std::string, std::string> failures;
  for (const auto& failure : run.failures) {
    std::istringstream words(failure.work);
    std::string verb;
    std::string cell;
    words >> verb >> cell;
    failures.try_emplace(cell, failure.work + ": " + failure.reason);
  }
  return failures;
}

/// Under the identities that the newest run found, or those that lie alone where it says none of the cell.
CellLedger committed_work(const ledger::SweepFolder& folder, const core::GridCell& cell, const core::CellFacts* facts) {
  if (facts != nullptr) return FolderLedgerView(folder).cell(*facts);
  return ledger::read_cell_ledger(folder, cell, ledger::sole_identities(folder, cell));
}

/// Nothing is known of them before the inspection.
std::vector<OpenPrerequisite> open_prerequisites(const ledger::SweepFolder& folder,
                                                 const std::optional<core::Inspection>& inspection,
                                                 const std::vector<CellStatus>& rows) {
  std::vector<OpenPrerequisite> open;
  if (!inspection) return open;
  const FolderLedgerView view(folder);
  std::set<core::GridCell> cut_short;
  for (const auto& row : rows) {
    if (row.progress.is_cancelled) cut_short.insert(row.cell);
  }
  const auto wanted = core::wanted_prerequisites(*inspection, cut_short);
  for (const auto& facts : inspection->prerequisites) {
    const auto committed = view.prerequisite(facts);
    if (!facts.is_due || committed.is_done || !wanted.contains(facts.key())) continue;
    open.push_back({facts.title, static_cast<std::int64_t>(committed.slices_done.size()), facts.num_slices});
  }
  return open;
}

std::vector<CellStatus> cell_rows(const ledger::SweepFolder& folder, const core::MethodCatalogue& methods,
                                  const std::optional<core::Inspection>& inspection, const RunStatus& run) {
  const auto config = core::read_experiment_config(folder.experiment(), methods);
  const auto failures = failures_by_cell(run);
  const auto facts_of_all = inspection.value_or(core::Inspection{});
  const core::CellIndex known(facts_of_all);
  std::vector<CellStatus> rows;
  for (const auto& cell : config.cells) {
    auto progress = core::progress_of(config, cell, committed_work(folder, cell, known.find(cell)));
    const auto failure = failures.find(cell.name());
    rows.push_back({cell, std::move(progress), failure == failures.end() ? std::string() : failure->second});
    if (!rows.back().progress.is_cancelled) continue;
    rows.back().cancel_reason = ledger::read_cancellation(folder, cell).value_or(ledger::Cancellation{}).reason;
  }
  return rows;
}

/// What executors are at, and have not committed yet.
void add_running(const RunStatus& run, std::vector<CellStatus>& rows) {
  std::map<std::string, std::int64_t> edits_seen;
  for (const auto& running : run.running) {
    if (!running.cell.empty()) edits_seen[running.cell] = running.edits_done;
  }
  for (auto& row : rows) {
    const auto seen = edits_seen.find(row.cell.name());
    if (seen == edits_seen.end()) continue;
    row.is_running = true;
    row.uncommitted = std::max<std::int64_t>(0, std::min(seen->second, row.progress.edits) - row.progress.edits_done);
  }
}

/// Of a sweep that came to its end with everything: files that were removed since then.
std::string missing_results(const std::vector<CellStatus>& rows) {
  const auto is_short = [](const CellStatus& row) { return !row.progress.is_complete(); };
  const auto first = std::ranges::find_if(rows, is_short);
  if (first == rows.end()) return {};
  return "STATE says COMPLETE, but results are not there any more, in " +
         std::to_string(std::ranges::count_if(rows, is_short)) + " cell(s), the first " + first->cell.name() +
         "; `lethe verify` names them, and the same `lethe sweep` makes them again";
}

SweepPhase phase_of(const SweepLook& look) {
  using ledger::OwnerLife;
  const auto life = look.owner ? look.owner->life : OwnerLife::kReleased;
  if (life == OwnerLife::kAlive) return SweepPhase::kRunning;
  // What a sweep leaves behind when it dies may look alive for a while; behind one that left in order there is nothing.
  if (life == OwnerLife::kReleased && !look.other_owners.empty()) return SweepPhase::kCells;
  if (look.state == to_string(Outcome::kComplete)) return SweepPhase::kComplete;
  if (look.state == to_string(Outcome::kPoisoned)) return SweepPhase::kPoisoned;
  if (look.state == kConfigErrorState) return SweepPhase::kConfigError;
  if (life == OwnerLife::kUnknown) return SweepPhase::kUnknown;
  if (life == OwnerLife::kDead) return SweepPhase::kDead;
  return look.state.empty() ? SweepPhase::kNone : SweepPhase::kStopped;
}

/// Nothing is written into a folder that has all its files, or where nothing was begun.
std::string trouble_of(const ledger::SweepFolder& folder, SweepPhase phase) {
  auto told = ledger::trouble_of(folder.root());
  const bool is_to_take_files = phase != SweepPhase::kComplete && phase != SweepPhase::kNone;
  return told.empty() && is_to_take_files ? ledger::trouble_by_trial(folder.root()) : told;
}

}  // namespace

std::string_view to_string(SweepPhase phase) {
  switch (phase) {
    case SweepPhase::kNone:
      return "none";
    case SweepPhase::kRunning:
      return "running";
    case SweepPhase::kCells:
      return "cells";
    case SweepPhase::kStopped:
      return "stopped";
    case SweepPhase::kDead:
      return "dead";
    case SweepPhase::kUnknown:
      return "unknown";
    case SweepPhase::kComplete:
      return "complete";
    case SweepPhase::kPoisoned:
      return "poisoned";
    case SweepPhase::kConfigError:
      return "config_error";
  }
  return "unknown";
}

std::string CellStatus::state() const {
  // What failed of a cancelled cell were its edits, unless something is due still.
  if (progress.is_complete()) return progress.is_cancelled ? "cancelled" : "done";
  if (!failure.empty()) return "failed";
  if (is_running) return "running";
  if (progress.is_cancelled) return "cancelled";
  return progress.edits_done > 0 ? "begun" : "open";
}

bool SweepLook::is_settled() const {
  if (phase == SweepPhase::kRunning || phase == SweepPhase::kCells || phase == SweepPhase::kUnknown) return false;
  return phase != SweepPhase::kDead || owner->is_certain;
}

SweepWatch::SweepWatch(ledger::SweepFolder folder, const core::MethodCatalogue& methods)
    : folder_(std::move(folder)),
      methods_(methods),
      owners_(folder_.owners(), ledger::ownership_options().watch_seconds) {}

void SweepWatch::look_at_owners(SweepLook& look) {
  std::error_code ignored;
  // Nothing is made behind a link: it may lead anywhere.
  if (fs::is_symlink(folder_.owners(), ignored)) return;
  try {
    for (auto& owner : owners_.look()) {
      const bool may_live = owner.life == ledger::OwnerLife::kAlive || owner.life == ledger::OwnerLife::kUnknown;
      if (owner.key == ledger::kSweepKey) {
        look.owner = std::move(owner);
      } else if (may_live) {
        look.other_owners.push_back(std::move(owner));
      }
    }
  } catch (const core::StorageError& error) {
    core::log_warning(std::string("who owns the folder is not known: ") + error.what());
  }
}

SweepLook SweepWatch::look() {
  SweepLook look;
  look.folder = folder_.root().string();
  // Owners first: one who leaves meanwhile has written all that is read below.
  look_at_owners(look);
  look.state = read_state(folder_);
  look.run = read_run_status(folder_);
  look.phase = phase_of(look);
  look.is_run_the_owners = look.owner && look.run.pid == look.owner->pid && look.run.host == look.owner->host;
  const auto inspection = core::known_inspection(folder_.inspection());
  look.cells = cell_rows(folder_, methods_, inspection, look.run);
  look.open_prerequisites = open_prerequisites(folder_, inspection, look.cells);
  look.trouble = trouble_of(folder_, look.phase);
  if (look.phase == SweepPhase::kComplete) look.missing = missing_results(look.cells);
  if (look.phase == SweepPhase::kRunning && look.is_run_the_owners) add_running(look.run, look.cells);
  return look;
}

std::vector<CellStatus> read_cell_status(const ledger::SweepFolder& folder, const core::MethodCatalogue& methods) {
  return cell_rows(folder, methods, core::known_inspection(folder.inspection()), read_run_status(folder));
}

}  // namespace lethe::orchestrator::inline display
