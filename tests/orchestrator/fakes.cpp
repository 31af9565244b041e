#include "tests/orchestrator/fakes.h"

#include <algorithm>

#include "core/config/schedule.h"

namespace lethe::orchestrator::testing {

void FakeLedger::complete(const core::ExperimentConfig& config, const core::GridCell& cell, std::int64_t edits) {
  cells[cell].num_edits = edits;
  for (const auto checkpoint : core::checkpoints_of(config, cell)) {
    if (checkpoint > edits) break;
    for (const auto part : core::parts_due(config, cell, checkpoint)) cells[cell].reductions.emplace(checkpoint, part);
  }
}

int MemoryJournal::count(std::string_view event) const {
  return static_cast<int>(std::ranges::count(events, event, &std::pair<std::string, JournalFields>::first));
}

}  // namespace lethe::orchestrator::testing
