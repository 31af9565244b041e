#include "worker/edit_runner.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include <nlohmann/json.hpp>

#include "core/config/schedule.h"
#include "core/environment.h"
#include "core/error.h"
#include "core/fault.h"
#include "core/log.h"
#include "ledger/durable_file.h"
#include "metrics/rewrite_scores.h"
#include "worker/cell_editor.h"
#include "worker/cell_replay.h"
#include "worker/chain_recovery.h"
#include "worker/collapse_watch.h"
#include "worker/committed_results.h"
#include "worker/host_copies.h"
#include "worker/provenance.h"
#include "worker/snapshot_pruning.h"

namespace lethe::worker {
namespace {

/// What a segment holds in memory before it is committed, in the large. A segment ends where it is full, as at a stop,
/// however far the next checkpoint is.
std::size_t max_segment_bytes() {
  constexpr double kDefault = 0x1p30;
  constexpr double kMost = 0x1p62;
  return static_cast<std::size_t>(
      std::ceil(std::min(core::positive_from_environment("LETHE_SEGMENT_BYTES", "bytes").value_or(kDefault), kMost)));
}

std::size_t bytes_of(const storage::StoredEdit& edit) {
  constexpr std::size_t kScoreBytes = std::size_t{1} << 14U;  // more than the scores of one fact take
  std::size_t num_values = 0;
  for (const auto& delta : edit.deltas) num_values += delta.left.values.size() + delta.right.values.size();
  for (const auto& [name, rows] : edit.remembered) num_values += rows.values.size();
  return kScoreBytes + num_values * sizeof(float);
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
        network_(workspace.starting_network(task.cell)),
        collapse_(workspace, task.cell, loaded_->unedited.architecture().vocab_size) {}

  /// `has_joined` says whether there are more edits behind those that it returns.
  CommittedEdits run() {
    write_identity();
    files_ = recover_chain(workspace_, task_.cell);
    CellEditor editor(workspace_, task_.cell, loaded_, stored_contexts(workspace_, task_.cell, files_));
    if (!restore(editor)) return {files_.num_edits(), false};
    collapse_.read(files_);
    collapse_.settle(monitor_);
    const auto requests = workspace_.requests(task_.cell);
    const auto last = static_cast<std::int64_t>(requests.size());
    const auto until = task_.until >= last ? last : core::step_end(workspace_.config(), task_.cell, task_.until - 1);
    const auto checkpoints = core::checkpoints_of(workspace_.config(), task_.cell);
    while (edits_ < std::min(until, collapse_.last_edit()) && !monitor_.should_stop() && !has_joined_) {
      auto next = std::min(until, *std::upper_bound(checkpoints.begin(), checkpoints.end(), edits_));
      if (const auto orphan = next_orphan(files_, edits_); orphan != 0) next = std::min(next, orphan - 1);
      commit(run_segment(editor, requests, next));
    }
    ledger::quarantine_covered(folder_);
    return {edits_, edits_ >= std::min(until, collapse_.last_edit())};
  }
  /// True if the edits closed a gap, and sound segments behind it continue the chain.
  [[nodiscard]] bool has_joined() const { return has_joined_; }

 private:
  Workspace& workspace_;
  const core::EditTask& task_;
  TaskMonitor& monitor_;
  bool is_dense_;
  const core::CellFacts& facts_;
  std::filesystem::path folder_;
  std::shared_ptr<const LoadedModel> loaded_;
  model::Network network_;
  ledger::CellFiles files_;  ///< as they were at the start
  std::int64_t edits_ = 0;
  bool has_joined_ = false;
  CollapseWatch collapse_;
  bool is_mixed_ = false;  ///< the edits before were made with another BLAS or kind of processor

  /// Why the file is not this cell's; empty if it is. One that cannot be read throws: it may be sound.
  [[nodiscard]] std::string fault_of_identity(const ledger::CommittedFile& file) const {
    if (const auto damage = ledger::damage_of(file)) return *damage;
    try {
      static_cast<void>(read_identity_fields(folder_));
      return {};
    } catch (const core::MismatchError& error) {
      return error.what();
    }
  }

  /// What was hashed into the edit identity, for people and for side-by-side errors (design C2).
  void write_identity() const {
    if (const auto there = ledger::find_committed(folder_, "identity")) {
      const auto fault = fault_of_identity(*there);
      if (fault.empty()) return;
      ledger::quarantine(there->path, fault);
    }
    const auto text = nlohmann::json(facts_.edit_identity_fields).dump(1);
    workspace_.commit_file(
        folder_, "identity", [&](const auto& temporary) { ledger::write_new_file(temporary, text); }, ".json");
  }

  /// False: told to stop.
  bool restore(CellEditor& editor) {
    if (files_.num_edits() == 0) return true;
    core::fault_point("edit.resume");
    CellReplay replay(workspace_, task_.cell, loaded_);
    if (!replay.move_to(files_.num_edits(), &monitor_, &editor)) return false;
    network_ = replay.network();
    edits_ = replay.edits();
    is_mixed_ = replay.is_mixed();
    monitor_.progress("replay", edits_, edits_, 0.0);
    core::log_info("resume " + core::log_field(task_.cell) + " edits=" + std::to_string(edits_));
    const auto is_last = [&](const ledger::SnapshotFile& snapshot) { return snapshot.edit == edits_; };
    if (is_dense_ && std::ranges::none_of(files_.snapshots, is_last)) {
      commit_snapshot(editor.method().edited_parameters(), provenance(workspace_, task_.cell));
    }
    return true;
  }

  storage::SegmentContents run_segment(CellEditor& editor, const std::vector<data::EditRequest>& requests,
                                       std::int64_t last_edit) {
    storage::SegmentContents segment;
    segment.cell = task_.cell;
    segment.edit_identity = facts_.edit_identity;
    if (edits_ == 0) segment.contexts = editor.contexts().templates;
    const auto parameters = editor.method().edited_parameters();
    segment.fingerprint_before = fingerprint(network_, parameters);
    const auto max_bytes = max_segment_bytes();
    std::size_t num_bytes = 0;
    const auto is_full = [&] { return edits_ >= std::min(last_edit, collapse_.last_edit()) || num_bytes >= max_bytes; };
    while (!is_full() && !monitor_.should_stop()) {
      const auto end = core::step_end(workspace_.config(), task_.cell, edits_);
      const auto step =
          std::span(requests).subspan(static_cast<std::size_t>(edits_), static_cast<std::size_t>(end - edits_));
      core::fault_point("edit.step");
      double seconds = 0.0;
      auto stored = run_step(editor, step);
      collapse_.add(stored);
      for (auto& edit : stored) {
        seconds += edit.record.seconds_edit + edit.record.seconds_score;
        num_bytes += bytes_of(edit);
        segment.edits.push_back(std::move(edit));
      }
      edits_ = end;
      core::fault_point("edit.done");
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
    core::fault_point("edit.commit");
    has_joined_ = joins_orphans(workspace_, segment);
    if (is_dense_) {
      commit_snapshot(names_of(segment.fingerprint_after), segment.provenance);
      core::fault_point("edit.snapshot");
    }
    const auto stem = ledger::segment_stem(segment.edits.front().record.edit, edits_);
    const auto file = workspace_.commit_file(
        folder_, stem, [&](const auto& temporary) { storage::write_segment(temporary, segment); });
    core::fault_point("edit.committed");
    monitor_.committed(file.path, edits_);
    collapse_.settle(monitor_);
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

  static std::vector<std::string> names_of(const std::map<std::string, core::Digest>& fingerprint) {
    std::vector<std::string> names;
    for (const auto& [name, digest] : fingerprint) names.push_back(name);
    return names;
  }

  void commit_snapshot(const std::vector<std::string>& parameters, const storage::Provenance& provenance) {
    const auto stem = ledger::snapshot_stem(edits_);
    remove_uncommitted_snapshot(stem);
    storage::SnapshotContents snapshot;
    snapshot.cell = task_.cell;
    snapshot.edit_identity = facts_.edit_identity;
    snapshot.edit = edits_;
    for (const auto& name : parameters) snapshot.parameters.emplace(name, to_host(network_.parameter(name)));
    snapshot.provenance = provenance;
    workspace_.commit_file(folder_, stem, [&](const auto& temporary) { storage::write_snapshot(temporary, snapshot); });
  }

  /// A run killed between snapshot and segment leaves a snapshot whose provenance, and so its name, differs.
  void remove_uncommitted_snapshot(const std::string& stem) const {
    for (const auto& file : ledger::committed_files(folder_)) {
      if (file.stem == stem) std::filesystem::remove(file.path);
    }
  }
};

}  // namespace

CommittedEdits run_edits(Workspace& workspace, const core::EditTask& task, TaskMonitor& monitor) {
  while (true) {
    EditRun run(workspace, task, monitor);
    const auto committed = run.run();
    if (!run.has_joined() || monitor.should_stop()) return committed;
  }
}

}  // namespace lethe::worker
