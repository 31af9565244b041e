#include "worker/commands/file_checks.h"

#include <algorithm>

#include "core/config/cell_progress.h"
#include "core/error.h"
#include "ledger/cancelled_cells.h"
#include "worker/commands/sweep_files.h"
#include "worker/committed_results.h"

namespace lethe::worker::inline commands {
namespace {

namespace fs = std::filesystem;

/// What is due and not there: a problem of a sweep that says that it is complete.
class Completeness {
 public:
  Completeness(Workspace& workspace, Verification& result)
      : workspace_(workspace), result_(result), is_complete_(says_complete(workspace.folder())) {}

  void check() {
    for (const auto& cell : workspace_.config().cells) check_cell(cell);
    check_prerequisites();
    if (num_missing_ > 0) {
      result_.not_checked.push_back(std::to_string(num_missing_) +
                                    " file(s) or checkpoint(s) that are due and not there yet: the sweep is not "
                                    "complete; `lethe status` shows how far it is");
    }
  }

 private:
  Workspace& workspace_;
  Verification& result_;
  bool is_complete_;
  std::int64_t num_missing_ = 0;
  std::set<core::GridCell> cancelled_;  ///< before their end

  static bool says_complete(const ledger::SweepFolder& folder) {
    return fs::exists(folder.state()) && ledger::read_text(folder.state()).starts_with("COMPLETE");
  }

  void missing(const std::string& text) {
    if (is_complete_) {
      result_.problems.push_back(text + ", though STATE says COMPLETE; run the sweep again, or restore it from a copy");
    } else {
      ++num_missing_;
    }
  }

  void check_cell(const core::GridCell& cell) {
    const bool is_cancelled = ledger::is_cancelled(workspace_.folder(), cell);
    std::string identity;
    try {
      identity = workspace_.edit_identity(cell);
    } catch (const core::StorageError& error) {
      if (ledger::foreign_identities(workspace_.folder(), cell, "").empty()) {
        return is_cancelled ? tell_cancelled(cell, 0) : missing(error.what());
      }
      result_.problems.emplace_back(error.what());
      return;
    }
    const auto folder = workspace_.cell_folder(cell);
    const auto files = ledger::scan_cell(folder);
    check_gaps(files, Mending::kNextSweep, result_);
    tell_other_settings(cell, identity);
    const auto place = folder.string();
    auto committed =
        files.num_edits() == 0 ? core::CellLedger{} : ledger::ledger_of(files, workspace_.results().identities(cell));
    committed.is_cancelled = is_cancelled;
    const auto progress = core::progress_of(workspace_.config(), cell, committed);
    if (progress.collapsed_at) tell_ended(cell, progress);
    if (progress.is_cancelled) tell_cancelled(cell, progress.edits_done);
    if (progress.edits_done < progress.edits_wanted()) {
      const auto there = progress.edits_done == 0 ? std::string("none is there")
                                                  : "they end with edit " + std::to_string(progress.edits_done);
      missing(place + ": segments are due up to edit " + std::to_string(progress.edits) + ", " + there);
    }
    if (files.num_edits() == 0) return;
    if (!ledger::find_committed(folder, "identity")) {
      result_.problems.push_back(place +
                                 ": its identity-<digest>.json is not there; the next edit of the cell writes "
                                 "it, or restore it from a copy");
    }
    check_snapshots(cell, files, place);
    for (const auto& checkpoint : progress.missing) {
      for (const auto part : checkpoint.parts) {
        missing(place + ": the " + std::string(core::to_string(part)) + " reduction after edit " +
                std::to_string(checkpoint.edits) + " is not there");
      }
    }
  }

  void tell_cancelled(const core::GridCell& cell, std::int64_t edits_done) {
    cancelled_.insert(cell);
    result_.remarks.push_back(cell.name() + ": is cancelled after edit " + std::to_string(edits_done) + " of " +
                              std::to_string(workspace_.config().edits.at(cell)) + ": nothing is due beyond");
  }

  void tell_ended(const core::GridCell& cell, const core::CellProgress& progress) {
    result_.remarks.push_back(cell.name() + ": ends at edit " + std::to_string(progress.edits) + " of " +
                              std::to_string(progress.edits_asked) + ", because it had collapsed at edit " +
                              std::to_string(*progress.collapsed_at) + " (stop_at_collapse)");
  }

  void tell_other_settings(const core::GridCell& cell, const std::string& identity) {
    for (const auto& other : ledger::foreign_identities(workspace_.folder(), cell, identity)) {
      const auto folder = workspace_.folder().cell(cell, other);
      check_gaps(ledger::scan_cell(folder), Mending::kOwnSweep, result_);
      result_.not_checked.push_back(folder.string() +
                                    ": results of other settings than experiment.json's; only their files were looked "
                                    "at");
    }
  }

  void check_snapshots(const core::GridCell& cell, const ledger::CellFiles& files, const std::string& place) {
    if (!workspace_.config().method_of(cell)->stores_snapshots()) return;
    const bool keeps_all = workspace_.config().keep_snapshots == "all";
    for (const auto& segment : files.segments) {
      const auto edit = segment.last_edit;
      if (edit != files.num_edits() && !keeps_all) continue;
      const auto is_it = [&](const ledger::SnapshotFile& snapshot) { return snapshot.edit == edit; };
      if (std::ranges::none_of(files.snapshots, is_it)) {
        missing(place + ": the snapshot after edit " + std::to_string(edit) + " is not there");
      }
    }
  }

  void check_prerequisites() {
    const auto& inspection = workspace_.results().inspection();
    if (!inspection) {
      result_.not_checked.emplace_back(
          "whether all prerequisites are there: inspection.json is missing or of another version of lethe");
      return;
    }
    const auto wanted = core::wanted_prerequisites(*inspection, cancelled_);
    for (const auto& facts : inspection->prerequisites) {
      if (!facts.is_due || facts.folder.empty() || !wanted.contains(facts.key())) continue;
      for (const auto& stem : facts.stems) {
        const auto folder = workspace_.folder().root() / facts.folder;
        if (!ledger::find_committed(folder, stem)) missing((folder / stem).string() + "-<digest>.h5: is not there");
      }
    }
  }
};

}  // namespace

std::set<fs::path> check_files(const fs::path& root, Thoroughness thoroughness, TaskMonitor& monitor,
                               Verification& result) {
  std::vector<SweepFile> files;
  for (const auto& folder : committed_folders(root)) {
    for (auto& file : files_in(root, folder)) files.push_back(std::move(file));
  }
  std::set<fs::path> flawed;
  const auto tell = [&](const SweepFile& one, const std::string& flaw) {
    result.problems.push_back(flaw);
    flawed.insert(one.file.path);
  };
  for (const auto& one : files) {
    result.is_stopped = monitor.should_stop();
    if (result.is_stopped) break;
    ++result.num_files;
    try {
      const auto flaw = one.label ? storage::flaw_of(one.file, *one.label) : ledger::damage_of(one.file);
      if (flaw) {
        tell(one, *flaw);
      } else if (one.read && (thoroughness == Thoroughness::kAll || !one.label)) {
        one.read();
      }
    } catch (const core::Error& error) {
      tell(one, error.what());
    }
    monitor.progress("files", result.num_files, std::ssize(files), 0.0);
  }
  return flawed;
}

void check_gaps(const ledger::CellFiles& files, Mending mending, Verification& result) {
  const bool is_next = mending == Mending::kNextSweep;
  const std::string mender = is_next ? "the next sweep" : "a sweep with this cell in its grid and with its settings";
  const auto end = std::to_string(files.num_edits());
  for (const auto& orphan : files.orphans) {
    const bool is_covered = orphan.last_edit <= files.num_edits();
    result.problems.push_back(
        orphan.file.path.string() +
        (is_covered ? ": its edits are in the chain of segments already; " + mender + " puts it into quarantine"
                    : ": does not continue the chain of segments, which ends with edit " + end + "; " + mender +
                          " closes the gap"));
  }
  if (is_next) return;  // what is due is held against the grid
  for (const auto& reduction : files.reductions) {
    if (reduction.edits <= files.num_edits()) continue;
    result.problems.push_back(reduction.file.path.string() + ": is of edit " + std::to_string(reduction.edits) +
                              ", and the segments end with edit " + end + "; " + mender +
                              " makes the others again, or restore them from a copy");
  }
}

void check_completeness(Workspace& workspace, Verification& result) { Completeness(workspace, result).check(); }

}  // namespace lethe::worker::inline commands
