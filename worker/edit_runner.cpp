#include "worker/edit_runner.h"

#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

#include "core/config/schedule.h"
#include "core/error.h"
#include "core/log.h"
#include "ledger/durable_file.h"
#include "metrics/rewrite_scores.h"
#include "worker/cell_editor.h"
#include "worker/cell_replay.h"
#include "worker/host_copies.h"
#include "worker/provenance.h"
#include "worker/snapshot_pruning.h"

namespace lethe::worker {
namespace {

/// Moves every segment from the first unusable one on, and snapshots beyond the chain, out of the way.
void quarantine_from(const ledger::CellFiles& files, std::size_t first, const std::string& reason) {
  const auto last_good = first == 0 ? 0 : files.segments[first - 1].last_edit;
  core::log_warning("quarantine edits_after=" + std::to_string(last_good) + " " + core::log_field("reason", reason));
  for (std::size_t i = first; i < files.segments.size(); ++i) {
    ledger::quarantine(files.segments[i].file.path, reason);
  }
  for (const auto& snapshot : files.snapshots) {
    if (snapshot.edit > last_good) ledger::quarantine(snapshot.file.path, reason);
  }
}

/// Index of the first segment whose file is damaged; number of segments if all are sound.
std::size_t first_damaged(const ledger::CellFiles& files, std::string& reason) {
  for (std::size_t i = 0; i < files.segments.size(); ++i) {
    try {
      ledger::check_digest(files.segments[i].file);
    } catch (const core::StorageError& error) {
      reason = error.what();
      return i;
    }
  }
  return files.segments.size();
}

/// Dense methods resume from the snapshot at the chain's end: segments after the newest sound one are of no use.
std::size_t first_without_snapshot(const ledger::CellFiles& files, std::string& reason) {
  for (std::size_t i = files.segments.size(); i-- > 0;) {
    const auto edit = files.segments[i].last_edit;
    const auto found = std::find_if(files.snapshots.begin(), files.snapshots.end(),
                                    [&](const auto& snapshot) { return snapshot.edit == edit; });
    try {
      if (found != files.snapshots.end()) {
        ledger::check_digest(found->file);
        return i + 1;
      }
      reason = "no snapshot after edit " + std::to_string(edit);
    } catch (const core::StorageError& error) {
      reason = error.what();
    }
  }
  return 0;
}

/// The sound chain of a cell's folder, after quarantining what cannot be used.
ledger::CellFiles recover_chain(const std::filesystem::path& folder, bool is_dense) {
  ledger::remove_stale_temporaries(folder);
  auto files = ledger::scan_cell(folder);
  std::string reason;
  if (const auto damaged = first_damaged(files, reason); damaged < files.segments.size()) {
    quarantine_from(files, damaged, reason);
    files = ledger::scan_cell(folder);
  }
  if (!is_dense || files.segments.empty()) return files;
  if (const auto unusable = first_without_snapshot(files, reason); unusable < files.segments.size()) {
    quarantine_from(files, unusable, reason);
    files = ledger::scan_cell(folder);
  }
  return files;
}

class EditRun {
 public:
  EditRun(Workspace& workspace, const core::EditTask& task, TaskMonitor& monitor)
      : workspace_(workspace),
        task_(task),
        monitor_(monitor),
        is_dense_(workspace.config().method_of(task.cell)->stores_snapshots()),
        facts_(workspace.facts().cell(task.cell)),
        folder_(workspace.cell_folder(task.cell)),
        loaded_(workspace.model(task.cell.model)),
        network_(workspace.starting_network(task.cell)) {}

  std::int64_t run() {
    write_identity();
    const auto files = recover_chain(folder_, is_dense_);
    CellEditor editor(workspace_, task_.cell, loaded_, stored_contexts(files));
    restore(files, editor);
    const auto requests = workspace_.requests(task_.cell);
    const auto last = static_cast<std::int64_t>(requests.size());
    const auto until = task_.until >= last ? last : core::step_end(workspace_.config(), task_.cell, task_.until - 1);
    const auto checkpoints = core::checkpoints_of(workspace_.config(), task_.cell);
    while (edits_ < until && !monitor_.should_stop()) {
      const auto next = *std::upper_bound(checkpoints.begin(), checkpoints.end(), edits_);
      commit(run_segment(editor, requests, std::min(next, until)));
    }
    return edits_;
  }

 private:
  Workspace& workspace_;
  const core::EditTask& task_;
  TaskMonitor& monitor_;
  bool is_dense_;
  const core::CellFacts& facts_;
  std::filesystem::path folder_;
  std::shared_ptr<const LoadedModel> loaded_;
  model::Network network_;
  std::int64_t edits_ = 0;
  bool is_mixed_ = false;  ///< the edits before were made with another BLAS or kind of processor

  /// What was hashed into the edit identity, for people and for side-by-side errors (design C2).
  void write_identity() const {
    const auto files = ledger::committed_files(folder_);
    if (std::any_of(files.begin(), files.end(), [](const auto& file) { return file.stem == "identity"; })) return;
    const auto text = nlohmann::json(facts_.edit_identity_fields).dump(1);
    ledger::commit_file(
        folder_, "identity", [&](const auto& temporary) { ledger::write_new_file(temporary, text); }, ".json");
  }

  void restore(const ledger::CellFiles& files, CellEditor& editor) {
    if (files.num_edits() == 0) return;
    CellReplay replay(workspace_, task_.cell, loaded_);
    replay.move_to(files.num_edits());
    network_ = replay.network();
    edits_ = replay.edits();
    is_mixed_ = replay.is_mixed();
    if (editor.remembers()) restore_history(files, editor);
    monitor_.progress("replay", edits_, edits_, 0.0);
    core::log_info("resume " + core::log_field(task_.cell) + " edits=" + std::to_string(edits_));
  }

  storage::SegmentContents run_segment(CellEditor& editor, const std::vector<data::EditRequest>& requests,
                                       std::int64_t last_edit) {
    storage::SegmentContents segment;
    segment.cell = task_.cell;
    segment.edit_identity = facts_.edit_identity;
    if (edits_ == 0) segment.contexts = editor.contexts().templates;
    const auto parameters = editor.method().edited_parameters();
    segment.fingerprint_before = fingerprint(network_, parameters);
    while (edits_ < last_edit && !monitor_.should_stop()) {
      const auto end = core::step_end(workspace_.config(), task_.cell, edits_);
      const auto step =
          std::span(requests).subspan(static_cast<std::size_t>(edits_), static_cast<std::size_t>(end - edits_));
      double seconds = 0.0;
      for (auto& edit : run_step(editor, step)) {
        seconds += edit.record.seconds_edit + edit.record.seconds_score;
        segment.edits.push_back(std::move(edit));
      }
      edits_ = end;
      monitor_.progress("edit", edits_, task_.until, seconds);
    }
    segment.fingerprint_after = fingerprint(network_, parameters);
    for (const auto& [name, tensor] : editor.latest()) segment.method_state.emplace(name, to_host_doubles(tensor));
    segment.provenance = provenance(workspace_, task_.cell);
    if (is_mixed_) segment.provenance.emplace("mixed", "edits before these were made with another arithmetic");
    return segment;
  }

  /// The step's facts are scored when all of them are edited; the last one carries the updates of all, and what
  /// the method remembers.
  std::vector<storage::StoredEdit> run_step(CellEditor& editor, std::span<const data::EditRequest> requests) {
    auto edited = editor.edit(network_, requests, edits_ + 1);
    const auto start = std::chrono::steady_clock::now();
    auto scores = metrics::score_requests(network_, loaded_->tokenizer, requests);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::vector<storage::StoredEdit> stored(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      stored[i].record = std::move(edited.records[i]);
      stored[i].record.scores = std::move(scores[i]);
      stored[i].record.seconds_score = seconds.count() / static_cast<double>(requests.size());
    }
    for (const auto& [name, rows] : edited.remembered) stored.back().remembered.emplace(name, to_host(rows));
    for (const auto& update : edited.updates) {
      if (const auto* factors = std::get_if<editing::LowRankUpdate>(&update.change)) {
        stored.back().deltas.push_back({update.parameter, to_host(factors->left_OR), to_host(factors->right_IR)});
      }
    }
    return stored;
  }

  /// A dense method's snapshot is published before its segment: the segment's name is the commit.
  void commit(const storage::SegmentContents& segment) {
    if (segment.edits.empty()) return;
    if (is_dense_) commit_snapshot(segment);
    const auto stem = ledger::segment_stem(segment.edits.front().record.edit, edits_);
    const auto file =
        ledger::commit_file(folder_, stem, [&](const auto& temporary) { storage::write_segment(temporary, segment); });
    monitor_.committed(file.path, edits_);
    warn_of_failures(segment);
    if (is_dense_) prune_snapshots(workspace_, task_.cell);
  }

  /// Failed edits are results and do not end a cell; whoever watches the log should see them all the same.
  void warn_of_failures(const storage::SegmentContents& segment) const {
    const auto num_failed = std::count_if(segment.edits.begin(), segment.edits.end(), [](const auto& edit) {
      return edit.record.status != core::EditStatus::kApplied;
    });
    if (num_failed == 0) return;
    core::log_warning("edits failed numerically and left the weights as they were " + core::log_field(task_.cell) +
                      " edits=" + std::to_string(segment.edits.front().record.edit) + "-" + std::to_string(edits_) +
                      " failed=" + std::to_string(num_failed));
  }

  void commit_snapshot(const storage::SegmentContents& segment) {
    const auto stem = ledger::snapshot_stem(edits_);
    remove_uncommitted_snapshot(stem);
    storage::SnapshotContents snapshot;
    snapshot.cell = task_.cell;
    snapshot.edit_identity = facts_.edit_identity;
    snapshot.edit = edits_;
    for (const auto& [name, digest] : segment.fingerprint_after) {
      snapshot.parameters.emplace(name, to_host(network_.parameter(name)));
    }
    snapshot.provenance = segment.provenance;
    ledger::commit_file(folder_, stem, [&](const auto& temporary) { storage::write_snapshot(temporary, snapshot); });
  }

  /// A run killed between snapshot and segment leaves a snapshot whose provenance, and so its name, differs.
  void remove_uncommitted_snapshot(const std::string& stem) const {
    for (const auto& file : ledger::committed_files(folder_)) {
      if (file.stem == stem) std::filesystem::remove(file.path);
    }
  }
};

}  // namespace

std::int64_t run_edits(Workspace& workspace, const core::EditTask& task, TaskMonitor& monitor) {
  return EditRun(workspace, task, monitor).run();
}

}  // namespace lethe::worker
