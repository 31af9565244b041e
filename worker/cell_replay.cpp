#include "worker/cell_replay.h"

#include <algorithm>

#include "core/config/schedule.h"
#include "core/error.h"
#include "core/log.h"
#include "worker/host_copies.h"
#include "worker/provenance.h"

namespace lethe::worker {

namespace {

/// What is wrong with the first parameter whose bytes differ from the stored fingerprint; empty if none do.
std::string fingerprint_difference(const model::Network& network, const std::map<std::string, core::Digest>& stored) {
  for (const auto& [name, digest] : stored) {
    const auto now = fingerprint(network, std::span(&name, 1)).at(name);
    if (now == digest) continue;
    return name + " does not reproduce its stored fingerprint (stored " + digest.hex() + ", rebuilt " + now.hex() + ")";
  }
  return {};
}

/// True for a product of several columns, whose sums each BLAS rounds in an order of its own.
bool has_sums(const storage::StoredEdit& edit) {
  return std::any_of(edit.deltas.begin(), edit.deltas.end(),
                     [](const auto& delta) { return delta.left.shape.at(1) > 1; });
}

bool is_told_to_stop(const TaskMonitor* monitor) { return monitor != nullptr && monitor->should_stop(); }

/// Folds what a segment holds of the method's history into an editor, step by step as the steps were made.
void fold_history(const storage::SegmentContents& segment, CellEditor& editor) {
  for (const auto& edit : segment.edits) {
    editing::Increment step;
    for (const auto& [name, rows] : edit.remembered) step.rows.emplace(name, to_torch(rows, editor.device()));
    if (!step.rows.empty()) editor.fold(step);
  }
  editing::Increment latest;
  for (const auto& [name, tensor] : segment.method_state) latest.latest.emplace(name, to_torch(tensor));
  if (!latest.latest.empty()) editor.fold(latest);
}

}  // namespace

void check_fingerprint(const model::Network& network, const std::map<std::string, core::Digest>& stored,
                       const std::string& where) {
  const auto difference = fingerprint_difference(network, stored);
  if (difference.empty()) return;
  throw core::MismatchError(where + ": " + difference +
                            "; the files were written by another kind of device, LibTorch or thread count");
}

void apply_snapshot(model::Network& network, const storage::SnapshotContents& snapshot) {
  for (const auto& [name, values] : snapshot.parameters) {
    editing::apply_update(network, {name, editing::DenseUpdate{to_torch(values, network.device())}});
  }
}

void apply_stored_edit(model::Network& network, const storage::StoredEdit& edit) {
  for (const auto& delta : edit.deltas) {
    const editing::LowRankUpdate factors{to_torch(delta.left, network.device()),
                                         to_torch(delta.right, network.device())};
    editing::apply_update(network, {delta.parameter, factors});
  }
}

storage::SegmentContents read_cell_segment(Workspace& workspace, const core::GridCell& cell,
                                           const ledger::SegmentFile& segment, storage::SegmentParts parts) {
  const auto label = storage::segment_label(cell, workspace.edit_identity(cell), segment.first_edit, segment.last_edit);
  try {
    return storage::read_segment(segment.file, label, parts);
  } catch (const core::MismatchError& error) {
    // Like a damaged one, it is put aside by the next task that edits the cell: whoever meets it meanwhile tries again.
    throw core::StorageError(error.what());
  }
}

editing::EditContexts stored_contexts(Workspace& workspace, const core::GridCell& cell,
                                      const ledger::CellFiles& files) {
  if (files.segments.empty()) return {};
  return {read_cell_segment(workspace, cell, files.segments.front(), storage::SegmentParts::kWithoutDeltas).contexts};
}

CellReplay::CellReplay(Workspace& workspace, core::GridCell cell, std::shared_ptr<const LoadedModel> loaded,
                       ReplayOptions options)
    : workspace_(workspace),
      cell_(std::move(cell)),
      loaded_(std::move(loaded)),
      options_(options),
      folder_(workspace.cell_folder(cell_)),
      reached_{workspace.starting_network(cell_)} {}

bool CellReplay::move_to(std::int64_t edits, TaskMonitor* monitor, CellEditor* editor) {
  const auto files = ledger::scan_cell(folder_);
  if (files.num_edits() < edits) {
    throw core::StorageError(folder_.string() + ": holds " + std::to_string(files.num_edits()) + " edits, " +
                             std::to_string(edits) + " were asked for");
  }
  if (!core::is_step_end(workspace_.config(), cell_, edits)) {
    const auto end = core::step_end(workspace_.config(), cell_, edits);
    throw core::DataError(cell_.name() + ": there is no model after edit " + std::to_string(edits) +
                          ", which lies inside the step that ends with edit " + std::to_string(end) + " (batch_size " +
                          std::to_string(workspace_.config().method_of(cell_)->batch_size()) + ")");
  }
  const torch::NoGradGuard no_grad;
  // A move is a transaction: it is made on a copy, whose tensors alias those of the model reached, and taken over when
  // all of it has been checked.
  auto next = edits < reached_.edits ? State{workspace_.starting_network(cell_)} : reached_;
  const bool is_dense = workspace_.config().method_of(cell_)->stores_snapshots();
  if (is_dense && options_.uses_snapshots) start_from_snapshot(files, edits, next);
  for (const auto& segment : files.segments) {
    if (segment.last_edit <= next.edits) continue;
    if (segment.first_edit > edits) break;
    if (is_told_to_stop(monitor)) return false;
    const auto parts = is_dense ? storage::SegmentParts::kWithoutDeltas : storage::SegmentParts::kAll;
    const auto contents = read_cell_segment(workspace_, cell_, segment, parts);
    if (!pass_segment(files, segment, contents, edits, monitor, next)) return false;
    if (editor != nullptr && editor->remembers()) fold_history(contents, *editor);
  }
  reached_ = std::move(next);
  return true;
}

bool CellReplay::pass_segment(const ledger::CellFiles& files, const ledger::SegmentFile& segment,
                              const storage::SegmentContents& contents, std::int64_t edits, TaskMonitor* monitor,
                              State& state) const {
  const auto where = segment.file.path.string();
  if (segment.first_edit == state.edits + 1) check_state(contents, contents.fingerprint_before, where, state);
  const auto advance = [&](std::int64_t last, State& at) {
    if (workspace_.config().method_of(cell_)->stores_snapshots()) return edit_again(files, last, monitor, at);
    apply_edits(contents, last, where, at);
    return true;
  };
  if (!advance(std::min(edits, segment.last_edit), state)) return false;
  if (state.edits == segment.last_edit) {
    check_state(contents, contents.fingerprint_after, where, state);
    return true;
  }
  // Only a segment's ends have fingerprints: a model inside it counts when the segment's end is right.
  auto end = state;
  if (!advance(segment.last_edit, end)) return false;
  check_state(contents, contents.fingerprint_after, where, end);
  return true;
}

void CellReplay::apply_edits(const storage::SegmentContents& segment, std::int64_t last, const std::string& where,
                             State& state) const {
  for (const auto& edit : segment.edits) {
    if (edit.record.edit <= state.edits || edit.record.edit > last) continue;
    try {
      apply_stored_edit(state.network, edit);
    } catch (const core::ModelError& error) {
      throw core::MismatchError(where + ": edit " + std::to_string(edit.record.edit) + ": " + error.what());
    }
    state.has_sums = state.has_sums || has_sums(edit);
  }
  state.edits = last;
  state.fingerprint.clear();
}

void CellReplay::check_state(const storage::SegmentContents& segment, const std::map<std::string, core::Digest>& stored,
                             const std::string& where, State& state) const {
  if (state.fingerprint == stored && !stored.empty()) return;  // the end before is this beginning
  // Single products have the same bits everywhere, and this arithmetic has its own again.
  if (!state.has_sums || is_own_arithmetic(segment.provenance)) {
    check_fingerprint(state.network, stored, where);
    state.fingerprint = stored;
    return;
  }
  const auto difference = fingerprint_difference(state.network, stored);
  if (difference.empty()) return;
  if (!state.is_mixed) {
    core::log_warning("mixed arithmetic " + core::log_field(cell_) + " " +
                      core::log_field("reason", where + ": " + difference +
                                                    "; another BLAS or kind of processor rounded the sums of its " +
                                                    "updates, and this one's are taken from here on"));
  }
  state.is_mixed = true;
}

void CellReplay::start_from_snapshot(const ledger::CellFiles& files, std::int64_t edits, State& state) const {
  const ledger::SnapshotFile* nearest = nullptr;
  for (const auto& snapshot : files.snapshots) {
    if (snapshot.edit <= edits && snapshot.edit > state.edits) nearest = &snapshot;
  }
  if (nearest == nullptr) return;
  const auto where = nearest->file.path.string();
  const auto snapshot = storage::read_snapshot(
      nearest->file, storage::snapshot_label(cell_, workspace_.edit_identity(cell_), nearest->edit));
  try {
    apply_snapshot(state.network, snapshot);
  } catch (const core::ModelError& error) {
    throw core::MismatchError(where + ": " + error.what());
  }
  state.edits = nearest->edit;
  state.fingerprint.clear();
  for (const auto& segment : files.segments) {
    if (segment.last_edit != state.edits) continue;
    const auto contents = read_cell_segment(workspace_, cell_, segment, storage::SegmentParts::kWithoutDeltas);
    check_fingerprint(state.network, contents.fingerprint_after, where + " and " + segment.file.path.string());
    state.fingerprint = contents.fingerprint_after;
  }
}

CellReplay::Again CellReplay::make_again(const ledger::CellFiles& files) const {
  try {
    return {CellEditor(workspace_, cell_, loaded_, stored_contexts(workspace_, cell_, files)),
            workspace_.requests(cell_, files.num_edits())};
  } catch (const core::DataError& error) {
    throw core::DataError(
        cell_.name() +
        ": no snapshot holds the weights that were asked for, and its edits cannot be made again: " + error.what());
  }
}

bool CellReplay::edit_again(const ledger::CellFiles& files, std::int64_t edits, TaskMonitor* monitor,
                            State& state) const {
  // The files count, which may hold more edits than the config asks for: a smaller number of edits cuts no segment.
  const auto last = files.num_edits();
  if (!again_ || std::ssize(again_->requests) < last) again_ = std::make_unique<Again>(make_again(files));
  state.fingerprint.clear();
  const torch::AutoGradMode with_grad(true);
  while (state.edits < edits) {
    if (is_told_to_stop(monitor)) return false;
    const auto end = core::step_end(workspace_.config(), cell_, state.edits, last);
    const auto step = std::span(again_->requests)
                          .subspan(static_cast<std::size_t>(state.edits), static_cast<std::size_t>(end - state.edits));
    again_->editor.edit(state.network, step, state.edits + 1);
    state.edits = end;
    if (monitor != nullptr) monitor->progress("replay", end, last, 0.0);
  }
  return true;
}

}  // namespace lethe::worker
