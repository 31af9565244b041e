#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "core/cell_ledger.h"
#include "core/contract/inspection.h"
#include "ledger/sweep_folder.h"

namespace lethe::orchestrator::inline scheduling {

using core::CellLedger;

/// What is committed of a prerequisite.
struct PrerequisiteLedger {
  bool is_done = false;                ///< every file is there, and no part is left to be removed
  std::set<std::int64_t> slices_done;  ///< those with a part of every file that is not there itself
};

/// What the coordinator asks of the committed files; a simulation keeps them in memory.
class LedgerView {
 public:
  virtual ~LedgerView() = default;
  [[nodiscard]] virtual CellLedger cell(const core::CellFacts& facts) const = 0;
  [[nodiscard]] virtual PrerequisiteLedger prerequisite(const core::PrerequisiteFacts& facts) const = 0;
  /// Cells that are to be edited no further, also ones of no grid; it may change at any time.
  [[nodiscard]] virtual std::set<core::GridCell> cancelled() const = 0;
};

/// The real one: names of files in a sweep's folder. Throws `core::StorageError` on read errors that do not pass.
class FolderLedgerView final : public LedgerView {
 public:
  explicit FolderLedgerView(ledger::SweepFolder folder) : folder_(std::move(folder)) {}

  [[nodiscard]] CellLedger cell(const core::CellFacts& facts) const override;
  [[nodiscard]] PrerequisiteLedger prerequisite(const core::PrerequisiteFacts& facts) const override;
  [[nodiscard]] std::set<core::GridCell> cancelled() const override;

 private:
  ledger::SweepFolder folder_;
};

}  // namespace lethe::orchestrator::inline scheduling
