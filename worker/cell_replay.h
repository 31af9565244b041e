#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/grid_cell.h"
#include "ledger/sweep_folder.h"
#include "model/network.h"
#include "storage/segment.h"
#include "worker/cell_editor.h"
#include "worker/task_monitor.h"
#include "worker/workspace.h"

namespace lethe::worker {

struct ReplayOptions {
  bool uses_snapshots = true;  ///< false: dense methods edit again from the unedited model on
};

/// A cell's model at any edit n, rebuilt from its committed files: low-rank factors are applied edit by edit,
/// dense methods start from the nearest snapshot and make the edits behind it again. Moving forward applies only what
/// is new.
class CellReplay {
 public:
  CellReplay(Workspace& workspace, core::GridCell cell, std::shared_ptr<const LoadedModel> loaded,
             ReplayOptions options = {});

  /// Moves to `edits` edits and checks the fingerprints of every segment passed, before it and after it; of a segment
  /// that `edits` lies in, too. Throws `core::StorageError` if files are missing, cannot be read, are damaged or are
  /// others than their names say, `core::MismatchError` where weights do not reproduce their fingerprints,
  /// `core::DataError` for an edit count inside a step of several facts. Returns false if told to stop by the
  /// monitor, which hears of progress; null: by nobody. Whatever happens before the end, the replay stays where it was,
  /// and the next call checks again.
  ///
  /// An `editor` of a cell without edits takes in what the segments hold of its method's history, so that its next edit
  /// has the bits of an undisturbed run. Methods that store snapshots remember nothing.
  bool move_to(std::int64_t edits, TaskMonitor* monitor = nullptr, CellEditor* editor = nullptr);

  [[nodiscard]] const core::GridCell& cell() const { return cell_; }
  [[nodiscard]] std::int64_t edits() const { return reached_.edits; }
  [[nodiscard]] const model::Network& network() const { return reached_.network; }
  /// True if the model reached differs by rounding from the recorded one: updates of several columns were made with
  /// another BLAS or kind of processor than this process's (design C1). It is warned of once.
  [[nodiscard]] bool is_mixed() const { return reached_.is_mixed; }
  [[nodiscard]] const std::string& model_name() const { return loaded_->name; }

 private:
  /// The model after a number of edits.
  struct State {
    model::Network network;
    std::int64_t edits = 0;
    bool has_sums = false;  ///< an update so far was a product of several columns
    bool is_mixed = false;
    std::map<std::string, core::Digest> fingerprint{};  ///< as last checked; empty: not at this edit
  };
  /// What dense methods edit with where no snapshot helps.
  struct Again {
    CellEditor editor;
    std::vector<data::EditRequest> requests;
  };

  Workspace& workspace_;
  core::GridCell cell_;
  std::shared_ptr<const LoadedModel> loaded_;
  ReplayOptions options_;
  std::filesystem::path folder_;
  State reached_;
  mutable std::unique_ptr<Again> again_;  ///< made when it is needed

  bool pass_segment(const ledger::CellFiles& files, const ledger::SegmentFile& segment,
                    const storage::SegmentContents& contents, std::int64_t edits, TaskMonitor* monitor,
                    State& state) const;
  void apply_edits(const storage::SegmentContents& segment, std::int64_t last, const std::string& where,
                   State& state) const;
  /// A difference is an error where the bits must be the same, else it makes the state a mixed one.
  void check_state(const storage::SegmentContents& segment, const std::map<std::string, core::Digest>& stored,
                   const std::string& where, State& state) const;
  void start_from_snapshot(const ledger::CellFiles& files, std::int64_t edits, State& state) const;
  [[nodiscard]] Again make_again(const ledger::CellFiles& files) const;
  bool edit_again(const ledger::CellFiles& files, std::int64_t edits, TaskMonitor* monitor, State& state) const;
};

/// Throws `core::MismatchError` naming the first parameter whose bytes differ from the stored fingerprint.
void check_fingerprint(const model::Network& network, const std::map<std::string, core::Digest>& stored,
                       const std::string& where);

/// Puts a snapshot's parameters in place.
void apply_snapshot(model::Network& network, const storage::SnapshotContents& snapshot);
/// Applies a stored edit's factors.
void apply_stored_edit(model::Network& network, const storage::StoredEdit& edit);

/// A segment of a cell, checked to be that one.
storage::SegmentContents read_cell_segment(Workspace& workspace, const core::GridCell& cell,
                                           const ledger::SegmentFile& segment,
                                           storage::SegmentParts parts = storage::SegmentParts::kAll);
/// Context templates of a cell's first segment; empty without segments.
editing::EditContexts stored_contexts(Workspace& workspace, const core::GridCell& cell, const ledger::CellFiles& files);

}  // namespace lethe::worker
