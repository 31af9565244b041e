#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/config/experiment_config.h"
#include "orchestrator/process/clock.h"
#include "orchestrator/scheduling/journal.h"
#include "orchestrator/scheduling/ledger_view.h"

namespace lethe::orchestrator::testing {

class FakeClock final : public Clock {
 public:
  [[nodiscard]] double now_seconds() const override { return now; }
  double now = 1000.0;
};

/// Committed files that exist in memory only.
class FakeLedger final : public LedgerView {
 public:
  [[nodiscard]] CellLedger cell(const core::CellFacts& facts) const override {
    const auto found = cells.find(facts.cell);
    return found == cells.end() ? CellLedger{} : found->second;
  }
  [[nodiscard]] PrerequisiteLedger prerequisite(const core::PrerequisiteFacts& facts) const override {
    const auto found = slices.find(facts.key());
    return {prerequisites.contains(facts.key()), found == slices.end() ? std::set<std::int64_t>{} : found->second};
  }

  [[nodiscard]] std::set<core::GridCell> cancelled() const override { return cancelled_cells; }

  /// Everything of a cell up to `edits` edits, reductions included.
  void complete(const core::ExperimentConfig& config, const core::GridCell& cell, std::int64_t edits);

  std::map<core::GridCell, CellLedger> cells;
  std::set<core::GridCell> cancelled_cells;
  std::set<std::string> prerequisites;                   ///< keys of those that are done: "moments small-gpt2"
  std::map<std::string, std::set<std::int64_t>> slices;  ///< by such a key
};

class MemoryJournal final : public Journal {
 public:
  void record(std::string_view event, const JournalFields& fields) override { events.emplace_back(event, fields); }
  [[nodiscard]] int count(std::string_view event) const;

  std::vector<std::pair<std::string, JournalFields>> events;
};

}  // namespace lethe::orchestrator::testing
