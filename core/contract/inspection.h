#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/contract/work.h"
#include "core/grid_cell.h"
#include "core/limits.h"
#include "core/reduction_part.h"

namespace lethe::core::inline contract {

// What the executor, which knows models and methods, tells the planner, which knows neither.

/// Something that several cells need once, made by a task that commits files: second moments, a trained editor, the
/// unedited model's answers. Planner, scheduler and status know no more of its kind than this.
struct PrerequisiteFacts {
  std::string kind;  ///< "moments", "editor", "projector", "baseline": which task makes it
  std::string model;
  std::string title;  ///< for people: "second moments of gpt-j-6b, layer(s) 3, 4"
  std::string note;   ///< more of it for `plan`; may be empty
  /// Below the sweep's folder, named by the identity of what is in it; empty while its inputs are not there.
  std::string folder;
  std::vector<std::string> stems;  ///< of the committed files that make it done
  std::vector<std::string> needs;  ///< keys of the prerequisites that must be done first
  bool is_due = true;              ///< false: made only when it is asked for by name
  /// Above 1, that many tasks make parts of every stem ("slice-<number>-<stem>" in the folder's `slices`), which a last
  /// one puts together and removes.
  std::int64_t num_slices = 1;
  Work work;                           ///< of all slices
  Work step_work;                      ///< between two signs of life, at most
  Work last_work;                      ///< putting the slices together
  std::int64_t peak_bytes = 0;         ///< of memory that its executor holds, the model included
  std::int64_t disk_bytes = 0;         ///< of its files
  std::int64_t slices_disk_bytes = 0;  ///< of its parts, until they are put together

  /// 12 hex digits: of what is in it.
  [[nodiscard]] std::string identity() const { return folder.substr(folder.rfind('/') + 1); }
  /// "moments gpt-j-6b".
  [[nodiscard]] std::string key() const { return kind + " " + model; }
};

/// A downstream task, as its answers depend on it.
struct TaskFacts {
  std::string name;
  std::string identity;                                ///< 12 hex digits of `task_identity`
  std::map<std::string, std::string> identity_fields;  ///< what was hashed, to say what has changed
};

/// What planning must know about a model, read from its folder's headers only.
struct ModelFacts {
  std::string name;
  std::string family;  ///< the name of a `FamilySpec` of model/families
  /// 12 hex digits of `contents_identity`; empty where its folder is not there, and in older files.
  std::string contents_identity;
  std::int64_t num_layers = 0;
  std::int64_t num_parameters = 0;
  std::int64_t weight_bytes = 0;   ///< of memory, as the config has them held
  Work tasks_work;                 ///< all downstream tasks once
  Work forgetting_work;            ///< of one earlier edit
  Work scores_work;                ///< of one earlier edit: all its prompts, of the edited and the unedited model
  Work texts_work;                 ///< all texts of a checkpoint, of the edited and the unedited model
  Work monitor_work;               ///< of a checkpoint: norms, and the fixed text read by both models
  std::int64_t reducer_bytes = 0;  ///< of memory that a reducer holds, the model included
};

/// What planning must know about a cell.
struct CellFacts {
  GridCell cell;
  std::int64_t edits = 0;
  std::string edit_identity;                                  ///< 12 hex digits
  std::map<std::string, std::string> edit_identity_fields;    ///< what was hashed, for side-by-side errors
  std::map<ReductionPart, std::string> reduction_identities;  ///< 12 hex digits each
  std::vector<std::string> needs;                             ///< keys of prerequisites
  Work edit_work;                         ///< of one fact: its share of a step, and the scoring right after it
  Work host_work;                         ///< of one fact, by the host beside a device
  std::int64_t worker_bytes = 0;          ///< of memory that a worker holds, the model included
  std::int64_t worker_host_bytes = 0;     ///< of host memory beside a device; 0 on the CPU
  std::int64_t delta_bytes_per_edit = 0;  ///< low-rank factors, and what the method remembers of an edit
  std::int64_t snapshot_bytes = 0;        ///< dense snapshot per checkpoint; 0 for low-rank methods
};

/// Result of `lethe-executor inspect`: facts, and every problem of the inputs, all at once.
struct Inspection {
  std::vector<ModelFacts> models;
  std::vector<PrerequisiteFacts> prerequisites;  ///< each after all that it needs
  std::vector<CellFacts> cells;
  std::vector<TaskFacts> tasks;       ///< in the config's order, those whose examples are there; not in older files
  std::vector<std::string> problems;  ///< "path: what is wrong; remedy"
  std::vector<std::string> notes;     ///< what is in order, but should be known; nothing depends on them

  [[nodiscard]] const CellFacts& cell(const GridCell& cell) const;
  [[nodiscard]] const ModelFacts& model(const std::string& name) const;
  /// Null where there is none of that name.
  [[nodiscard]] const TaskFacts* find_task(const std::string& name) const;
  /// Null where the model's cells need none of that kind.
  [[nodiscard]] const PrerequisiteFacts* find_prerequisite(const std::string& kind, const std::string& model) const;
  /// Throws `ConfigError` where there is none.
  [[nodiscard]] const PrerequisiteFacts& prerequisite(const std::string& kind, const std::string& model) const;
};

/// Facts by cell, for whoever asks for many: `Inspection::cell` looks through them all.
class CellIndex {
 public:
  /// `inspection` must outlive it.
  explicit CellIndex(const Inspection& inspection);
  /// Null where the inspection has no such cell.
  [[nodiscard]] const CellFacts* find(const GridCell& cell) const;

 private:
  std::map<GridCell, const CellFacts*> facts_;
};

/// Keys of the prerequisites that somebody wants: all but those that only `cancelled` cells need, or prerequisites of
/// such cells alone.
std::set<std::string> wanted_prerequisites(const Inspection& inspection, const std::set<GridCell>& cancelled);

std::string to_json(const Inspection& inspection);
/// Throws `CommError`, also for one that another version of lethe wrote. `place` begins each error.
Inspection inspection_from_json(const std::string& text, const std::string& place = "inspection");
/// inspection.json of a sweep's folder; nullopt where there is none. Throws `StorageError` with path and remedy.
std::optional<Inspection> read_inspection(const std::filesystem::path& path);
/// The same, for whoever can do without: one that cannot be read, or of another version of lethe, is told and passed
/// over.
std::optional<Inspection> known_inspection(const std::filesystem::path& path);

}  // namespace lethe::core::inline contract
