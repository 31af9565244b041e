#include "core/config/cell_progress.h"

#include <algorithm>

#include "core/config/schedule.h"

namespace lethe::core::inline config {

CellProgress progress_of(const ExperimentConfig& config, const GridCell& cell, const CellLedger& committed) {
  CellProgress progress;
  const auto checkpoints = checkpoints_of(config, cell, committed.collapsed_at);
  progress.edits = last_edit_of(config, cell, committed.collapsed_at);
  progress.edits_asked = config.edits.at(cell);
  if (progress.edits < progress.edits_asked) progress.collapsed_at = committed.collapsed_at;
  progress.edits_done = std::min(committed.num_edits, progress.edits);
  progress.is_cancelled = committed.is_cancelled && progress.edits_done < progress.edits;
  for (const auto edits : checkpoints) {
    if (edits > progress.edits_wanted()) break;
    auto parts = parts_due(config, cell, edits, committed.collapsed_at);
    if (parts.empty()) continue;
    ++progress.reductions;
    std::erase_if(parts, [&](ReductionPart part) { return committed.reductions.contains({edits, part}); });
    if (!parts.empty()) progress.missing.push_back({edits, std::move(parts)});
  }
  return progress;
}

}  // namespace lethe::core::inline config
