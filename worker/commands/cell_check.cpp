#include "worker/commands/cell_check.h"

#include <algorithm>

#include "core/error.h"
#include "core/score.h"
#include "storage/reduction.h"
#include "worker/cell_replay.h"
#include "worker/collapse_watch.h"
#include "worker/commands/result_model.h"
#include "worker/provenance.h"

namespace lethe::worker::inline commands {
namespace {

namespace fs = std::filesystem;

/// One cell's check: first what its files say of each other, then the replay.
class CellCheck {
 public:
  CellCheck(Workspace& workspace, const core::GridCell& cell, const std::set<fs::path>& flawed, TaskMonitor& monitor,
            Verification& result)
      : workspace_(workspace),
        cell_(cell),
        flawed_(flawed),
        monitor_(monitor),
        result_(result),
        files_(ledger::scan_cell(workspace.cell_folder(cell))) {
    const auto is_flawed = [&](const ledger::SegmentFile& segment) { return flawed_.contains(segment.file.path); };
    const auto first = std::ranges::find_if(files_.segments, is_flawed);
    if (first == files_.segments.end()) return;
    result_.not_checked.push_back(cell_.name() + ": edits from " + std::to_string(first->first_edit) +
                                  " on were not replayed, because a segment is flawed there");
    files_.segments.erase(first, files_.segments.end());
  }

  void check() {
    if (files_.segments.empty()) return;
    ++result_.num_cells;
    try {
      check_chain();
      check_collapse();
      check_snapshots();
      check_reductions();
      replay();
    } catch (const core::Error& error) {
      result_.problems.emplace_back(error.what());
    }
  }

 private:
  Workspace& workspace_;
  const core::GridCell& cell_;
  const std::set<fs::path>& flawed_;
  TaskMonitor& monitor_;
  Verification& result_;
  ledger::CellFiles files_;  ///< segments up to the first flawed one
  std::vector<std::int64_t> case_ids_;
  std::map<std::int64_t, std::map<std::string, core::Digest>> fingerprints_;  ///< after an edit
  std::set<std::int64_t> made_elsewhere_;  ///< ends of segments of another arithmetic

  [[nodiscard]] bool is_dense() const { return workspace_.config().method_of(cell_)->stores_snapshots(); }

  void check_chain() {
    const std::map<std::string, core::Digest>* before = nullptr;
    for (const auto& segment : files_.segments) {
      const auto contents = read_cell_segment(workspace_, cell_, segment, storage::SegmentParts::kWithoutDeltas);
      if (before != nullptr) check_joint(segment.file.path, *before, contents, result_);
      core::FiniteCount finite;
      for (const auto& edit : contents.edits) {
        case_ids_.push_back(edit.record.case_id);
        finite.add(edit.record.scores);
      }
      tell_not_finite(segment.file.path, finite);
      if (!is_own_arithmetic(contents.provenance)) made_elsewhere_.insert(segment.last_edit);
      before = &(fingerprints_[segment.last_edit] = contents.fingerprint_after);
    }
  }

  /// The records of the segments say where the cell collapsed; a flawed one in mid-chain ends what is known.
  void check_collapse() {
    for (const auto& collapse : files_.collapses) {
      if (flawed_.contains(collapse.file.path)) continue;
      const auto vocabulary = workspace_.model_inputs(cell_.model).architecture.vocab_size;
      const auto found = detector_after(workspace_, cell_, files_, vocabulary).collapsed_at();
      if (!found && files_.num_edits() < collapse.edit) continue;  // nobody can say
      if (found == collapse.edit) continue;
      result_.problems.push_back(collapse.file.path.string() + ": the records tell of " +
                                 (found ? "a collapse at edit " + std::to_string(*found) : "no collapse") +
                                 "; move it away, and the next sweep with stop_at_collapse writes the right one");
    }
  }

  /// A snapshot's parameters give the fingerprint of the segment that ends with it.
  void check_snapshots() {
    for (const auto& file : files_.snapshots) {
      const auto stored = fingerprints_.find(file.edit);
      if (flawed_.contains(file.file.path) || stored == fingerprints_.end()) continue;
      const auto contents =
          storage::read_snapshot(file.file, storage::snapshot_label(cell_, workspace_.edit_identity(cell_), file.edit));
      std::map<std::string, core::Digest> found;
      for (const auto& [name, tensor] : contents.parameters) {
        found.emplace(name, core::digest_of(std::as_bytes(std::span(tensor.values))));
      }
      if (found != stored->second) {
        result_.problems.push_back(file.file.path.string() + ": does not hold the weights after edit " +
                                   std::to_string(file.edit) + " that its segment's fingerprint tells");
      }
    }
  }

  /// Forgetting and scores ask the facts of the segments again, in their order.
  void check_reductions() {
    for (const auto& file : files_.reductions) {
      const auto n = static_cast<std::size_t>(file.edits);
      if (file.part == core::ReductionPart::kTasks || flawed_.contains(file.file.path)) continue;
      const auto label =
          storage::reduction_label(cell_, workspace_.edit_identity(cell_), file.part, file.edits, file.identity);
      const auto contents = storage::read_reduction(file.file, label);
      std::vector<std::int64_t> asked;
      core::FiniteCount finite;
      for (const auto& record : contents.distances) finite.add(record.frobenius);
      for (const auto& record : contents.forgetting) {
        asked.push_back(record.case_id);
        finite.add(std::span(&record.rewrite, 1));
      }
      for (const auto& record : contents.scores) {
        asked.push_back(record.case_id);
        finite.add(record.edited);
        finite.add(record.unedited);
      }
      for (const auto& record : contents.texts) finite.add(record);
      finite.add(contents.monitor);
      tell_not_finite(file.file.path, finite);
      if (!speaks_of_facts(file.part) || n > case_ids_.size()) continue;
      const bool is_of_segments = file.part == core::ReductionPart::kTexts
                                      ? are_of(contents.texts, std::span(case_ids_).first(n))
                                      : std::ranges::equal(asked, std::span(case_ids_).first(n));
      if (is_of_segments) continue;
      result_.problems.push_back(file.file.path.string() + ": speaks of other records than the segments do");
    }
  }

  static bool speaks_of_facts(core::ReductionPart part) {
    return part != core::ReductionPart::kDistance && part != core::ReductionPart::kMonitor;
  }

  /// Texts are about some of the edits.
  static bool are_of(const std::vector<core::TextsRecord>& texts, std::span<const std::int64_t> case_ids) {
    return std::ranges::all_of(texts, [&](const core::TextsRecord& record) {
      const auto index = static_cast<std::size_t>(record.edit) - 1;
      return index < case_ids.size() && case_ids[index] == record.case_id;
    });
  }

  /// A model that has diverged may really give them, so that they are no problem of the file.
  void tell_not_finite(const fs::path& path, const core::FiniteCount& finite) {
    if (finite.num_not_finite == 0) return;
    result_.remarks.push_back(path.string() + ": " + std::to_string(finite.num_not_finite) + " of " +
                              std::to_string(finite.num_values) +
                              " measured values are not finite: did the model diverge?");
  }

  void replay() {
    const auto loaded = checked_model(workspace_, cell_);
    CellReplay replay(workspace_, cell_, loaded, {.uses_snapshots = false});
    for (const auto& segment : files_.segments) {
      if (!move(replay, segment)) return;
      monitor_.progress("replay", segment.last_edit, files_.num_edits(), 0.0);
    }
  }

  /// False: the replay ends here.
  bool move(CellReplay& replay, const ledger::SegmentFile& segment) {
    try {
      result_.is_stopped = !replay.move_to(segment.last_edit, &monitor_);
      return !result_.is_stopped;
    } catch (const core::DataError& error) {
      if (!is_dense()) throw;
      not_made_again(segment, error.what());  // its records are not there
    } catch (const core::MismatchError& error) {
      if (!is_dense() || !made_elsewhere_.contains(segment.last_edit)) throw;
      not_made_again(segment, std::string(error.what()) + "; this machine's arithmetic is another");
    }
    return false;
  }

  void not_made_again(const ledger::SegmentFile& segment, const std::string& reason) {
    result_.not_checked.push_back(cell_.name() + ": edits from " + std::to_string(segment.first_edit) +
                                  " on were not made again, only their fingerprints compared: " + reason);
  }
};

}  // namespace

void check_joint(const fs::path& segment, const std::map<std::string, core::Digest>& before,
                 const storage::SegmentContents& contents, Verification& result) {
  if (contents.provenance.contains("mixed") || contents.fingerprint_before == before) return;
  result.problems.push_back(segment.string() +
                            ": does not begin with the weights that the segment before it ends with");
}

void check_cell(Workspace& workspace, const core::GridCell& cell, const std::set<fs::path>& flawed,
                TaskMonitor& monitor, Verification& result) {
  CellCheck(workspace, cell, flawed, monitor, result).check();
}

}  // namespace lethe::worker::inline commands
