#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "core/reduction_part.h"

namespace lethe::core::inline config {

/// A cell's last edit: the one that the config asks for, or with `stop_at_collapse` the end of the step so many edits
/// after `collapsed_at`, if that is before. Throws `ConfigError` for a cell that is not in the grid.
std::int64_t last_edit_of(const ExperimentConfig& config, const GridCell& cell,
                          std::optional<std::int64_t> collapsed_at);

/// Edit counts at which a segment must end: multiples of checkpoint_every, forgetting_every, scores_every,
/// texts_every and monitor_every if they are given and, where there are tasks, tasks_every, and the last edit.
/// Increasing. Throws `ConfigError` for a cell that is not in the grid.
std::vector<std::int64_t> checkpoints_of(const ExperimentConfig& config, const GridCell& cell,
                                         std::optional<std::int64_t> collapsed_at = std::nullopt);

/// Parts due at checkpoint n: forgetting, tasks, scores, texts and monitor at multiples of their intervals and at the
/// last edit (tasks only if the config has any, texts and monitor only if they are asked for), distance at every
/// checkpoint. Empty where n is no checkpoint.
std::vector<ReductionPart> parts_due(const ExperimentConfig& config, const GridCell& cell, std::int64_t num_edits,
                                     std::optional<std::int64_t> collapsed_at = std::nullopt);

/// The edit count after the step that follows `num_edits` edits: `batch_size` facts further, or the cell's last edit.
/// A count inside a step gives that step's end.
std::int64_t step_end(const ExperimentConfig& config, const GridCell& cell, std::int64_t num_edits);
/// The same of a cell that ends with `last_edit`: files may hold more edits than the config asks for by now.
std::int64_t step_end(const ExperimentConfig& config, const GridCell& cell, std::int64_t num_edits,
                      std::int64_t last_edit);
/// True if the model after `num_edits` edits exists: no step spans that count.
bool is_step_end(const ExperimentConfig& config, const GridCell& cell, std::int64_t num_edits);

/// What is wrong with an interval of the config, given as "<number> is no multiple of ...", or nothing: checkpoints
/// must fall between the steps of every cell.
std::string interval_problem(const ExperimentConfig& config, std::int64_t interval);

/// Documents [first, last) of a corpus that one task sums.
struct CorpusSlice {
  std::int64_t first_document = 0;
  std::int64_t last_document = 0;
  bool operator==(const CorpusSlice&) const = default;
};
/// How a pass over `num_documents` documents is cut: by the config and the corpus alone, never by ranks or memory.
/// At least one slice, at most `kMaxSlices`: longer ones where there would be more.
std::vector<CorpusSlice> slices_of(const SecondMomentConfig& config, std::int64_t num_documents);

}  // namespace lethe::core::inline config
