#pragma once

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "core/contract/inspection.h"
#include "ledger/sweep_folder.h"

namespace lethe::orchestrator::inline scheduling {

/// What is committed of a cell, under its present identities.
struct CellLedger {
  std::int64_t num_edits = 0;
  std::set<std::pair<std::int64_t, core::ReductionPart>> reductions;  ///< (edits, part)
};

/// What the coordinator asks of the committed files; a simulation keeps them in memory.
class LedgerView {
 public:
  virtual ~LedgerView() = default;
  [[nodiscard]] virtual CellLedger cell(const core::CellFacts& facts) const = 0;
  /// All layers that the model's cells need are there, and no partial sums are left to be removed.
  [[nodiscard]] virtual bool has_moments(const core::ModelFacts& facts) const = 0;
  [[nodiscard]] virtual bool has_editor(const core::ModelFacts& facts) const = 0;
  /// Slices of the model's corpus whose partial sums are there, for every layer that is not committed itself.
  [[nodiscard]] virtual std::set<std::int64_t> moment_slices(const core::ModelFacts& facts) const = 0;
  [[nodiscard]] virtual bool has_baseline(const core::ModelFacts& facts) const = 0;
};

/// The real one: names of files in a sweep's folder. Throws `core::StorageError` on read errors.
class FolderLedgerView final : public LedgerView {
 public:
  explicit FolderLedgerView(ledger::SweepFolder folder) : folder_(std::move(folder)) {}

  [[nodiscard]] CellLedger cell(const core::CellFacts& facts) const override;
  [[nodiscard]] bool has_moments(const core::ModelFacts& facts) const override;
  [[nodiscard]] bool has_editor(const core::ModelFacts& facts) const override;
  [[nodiscard]] std::set<std::int64_t> moment_slices(const core::ModelFacts& facts) const override;
  [[nodiscard]] bool has_baseline(const core::ModelFacts& facts) const override;

 private:
  ledger::SweepFolder folder_;
};

}  // namespace lethe::orchestrator::inline scheduling
