#include "worker/cell_replay.h"

#include <algorithm>

#include "core/config/schedule.h"
#include "core/error.h"
#include "core/log.h"
#include "worker/arithmetic.h"
#include "worker/host_copies.h"

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

/// True if a file names this process's arithmetic as its own; files of versions that named none do not.
bool is_own_arithmetic(const storage::Provenance& provenance) {
  const auto found = provenance.find(kArithmetic);
  return found != provenance.end() && found->second == arithmetic();
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

editing::EditContexts stored_contexts(const ledger::CellFiles& files) {
  if (files.segments.empty()) return {};
  return {storage::read_segment(files.segments.front().file, storage::SegmentParts::kWithoutDeltas).contexts};
}

CellReplay::CellReplay(Workspace& workspace, core::GridCell cell, std::shared_ptr<const LoadedModel> loaded)
    : workspace_(workspace),
      cell_(std::move(cell)),
      loaded_(std::move(loaded)),
      folder_(workspace.cell_folder(cell_)),
      reached_{workspace.starting_network(cell_)} {}

void CellReplay::move_to(std::int64_t edits, CellEditor* editor) {
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
  if (workspace_.config().method_of(cell_)->stores_snapshots()) {
    move_dense(files, edits, next);
  } else {
    move_low_rank(files, edits, editor, next);
  }
  reached_ = std::move(next);
}

void CellReplay::move_low_rank(const ledger::CellFiles& files, std::int64_t edits, CellEditor* editor,
                               State& state) const {
  for (const auto& segment : files.segments) {
    if (segment.last_edit <= state.edits) continue;
    if (segment.first_edit > edits) break;
    const auto contents = storage::read_segment(segment.file);
    for (const auto& edit : contents.edits) {
      if (edit.record.edit <= state.edits || edit.record.edit > edits) continue;
      apply_stored_edit(state.network, edit);
      state.has_sums = state.has_sums || has_sums(edit);
    }
    state.edits = std::min(edits, segment.last_edit);
    if (state.edits == segment.last_edit) check_segment(contents, segment.file.path.string(), state);
    if (editor != nullptr && editor->remembers()) fold_history(contents, *editor);
  }
}

void CellReplay::check_segment(const storage::SegmentContents& segment, const std::string& where, State& state) const {
  // Single products have the same bits everywhere, and this arithmetic has its own again.
  if (!state.has_sums || is_own_arithmetic(segment.provenance)) {
    check_fingerprint(state.network, segment.fingerprint_after, where);
    return;
  }
  const auto difference = fingerprint_difference(state.network, segment.fingerprint_after);
  if (difference.empty()) return;
  if (!state.is_mixed) {
    core::log_warning("mixed arithmetic " + core::log_field(cell_) + " " +
                      core::log_field("reason", where + ": " + difference +
                                                    "; another BLAS or kind of processor rounded the sums of its " +
                                                    "updates, and this one's are taken from here on"));
  }
  state.is_mixed = true;
}

void CellReplay::move_dense(const ledger::CellFiles& files, std::int64_t edits, State& state) const {
  const ledger::SnapshotFile* nearest = nullptr;
  for (const auto& snapshot : files.snapshots) {
    if (snapshot.edit <= edits && snapshot.edit > state.edits) nearest = &snapshot;
  }
  if (nearest != nullptr) {
    apply_snapshot(state.network, storage::read_snapshot(nearest->file));
    state.edits = nearest->edit;
  }
  if (state.edits < edits) edit_again(files, edits, state);
  for (const auto& segment : files.segments) {
    if (segment.last_edit != state.edits) continue;
    const auto contents = storage::read_segment(segment.file, storage::SegmentParts::kWithoutDeltas);
    check_fingerprint(state.network, contents.fingerprint_after, segment.file.path.string());
  }
}

void CellReplay::edit_again(const ledger::CellFiles& files, std::int64_t edits, State& state) const {
  CellEditor editor(workspace_, cell_, loaded_, stored_contexts(files));
  const auto requests = workspace_.requests(cell_);
  const torch::AutoGradMode with_grad(true);
  while (state.edits < edits) {
    const auto end = core::step_end(workspace_.config(), cell_, state.edits);
    const auto step =
        std::span(requests).subspan(static_cast<std::size_t>(state.edits), static_cast<std::size_t>(end - state.edits));
    editor.edit(state.network, step, state.edits + 1);
    state.edits = end;
  }
}

}  // namespace lethe::worker
