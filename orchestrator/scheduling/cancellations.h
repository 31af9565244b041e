#pragma once

#include <set>

#include "core/grid_cell.h"
#include "orchestrator/scheduling/journal.h"
#include "orchestrator/scheduling/ledger_view.h"

namespace lethe::orchestrator::inline scheduling {

/// What a running sweep knows of `lethe cancel`: it looks every few seconds, since whoever cancels may be on any host.
class Cancellations {
 public:
  /// `cells`: what was known at `now_seconds`.
  Cancellations(std::set<core::GridCell> cells, double look_seconds, double now_seconds)
      : cells_(std::move(cells)), look_seconds_(look_seconds), next_look_seconds_(now_seconds + look_seconds) {}

  /// True if it was time to look and they are others than before; each change is in the journal. What cannot be read
  /// now changes nothing.
  bool look(const LedgerView& ledger, double now_seconds, Journal& journal);

  [[nodiscard]] const std::set<core::GridCell>& cells() const { return cells_; }

 private:
  std::set<core::GridCell> cells_;
  double look_seconds_;
  double next_look_seconds_;
  bool is_unreadable_ = false;  // and told
};

}  // namespace lethe::orchestrator::inline scheduling
