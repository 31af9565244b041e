#include "orchestrator/scheduling/cancellations.h"

#include <string>
#include <utility>

#include "core/error.h"

namespace lethe::orchestrator::inline scheduling {

bool Cancellations::look(const LedgerView& ledger, double now_seconds, Journal& journal) {
  if (now_seconds < next_look_seconds_) return false;
  next_look_seconds_ = now_seconds + look_seconds_;
  std::set<core::GridCell> found;
  try {
    found = ledger.cancelled();
  } catch (const core::StorageError& error) {
    if (!std::exchange(is_unreadable_, true)) {
      journal.record("unreadable", {{"task", std::string("cancelled")}, {"reason", std::string(error.what())}});
    }
    return false;
  }
  is_unreadable_ = false;
  if (found == cells_) return false;
  for (const auto& cell : found) {
    if (!cells_.contains(cell)) journal.record("cancelled", {{"cell", cell.name()}});
  }
  for (const auto& cell : cells_) {
    if (!found.contains(cell)) journal.record("restored", {{"cell", cell.name()}});
  }
  cells_ = std::move(found);
  return true;
}

}  // namespace lethe::orchestrator::inline scheduling
