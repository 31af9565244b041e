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
  [[nodiscard]] bool has_moments(const core::ModelFacts& facts) const override { return moments.contains(facts.name); }
  [[nodiscard]] bool has_editor(const core::ModelFacts& facts) const override { return editors.contains(facts.name); }
  [[nodiscard]] std::set<std::int64_t> moment_slices(const core::ModelFacts& facts) const override {
    const auto found = slices.find(facts.name);
    return found == slices.end() ? std::set<std::int64_t>{} : found->second;
  }
  [[nodiscard]] bool has_baseline(const core::ModelFacts& facts) const override {
    return baselines.contains(facts.name);
  }

  /// Everything of a cell up to `edits` edits, reductions included.
  void complete(const core::ExperimentConfig& config, const core::GridCell& cell, std::int64_t edits);

  std::map<core::GridCell, CellLedger> cells;
  std::set<std::string> moments;
  std::set<std::string> editors;
  std::map<std::string, std::set<std::int64_t>> slices;
  std::set<std::string> baselines;
};

class MemoryJournal final : public Journal {
 public:
  void record(std::string_view event, const JournalFields& fields) override { events.emplace_back(event, fields); }
  [[nodiscard]] int count(std::string_view event) const;

  std::vector<std::pair<std::string, JournalFields>> events;
};

}  // namespace lethe::orchestrator::testing
