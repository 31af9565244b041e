#include "orchestrator/scheduling/ledger_view.h"

#include <algorithm>

#include "core/patience.h"
#include "ledger/cancelled_cells.h"
#include "ledger/cell_identities.h"

namespace lethe::orchestrator::inline scheduling {

CellLedger FolderLedgerView::cell(const core::CellFacts& facts) const {
  return core::patiently([&] {
    return ledger::read_cell_ledger(folder_, facts.cell, {facts.edit_identity, facts.reduction_identities});
  });
}

PrerequisiteLedger FolderLedgerView::prerequisite(const core::PrerequisiteFacts& facts) const {
  if (facts.folder.empty()) return {};
  const auto files = core::patiently([&] { return ledger::scan_prerequisite(folder_.root() / facts.folder); });
  std::vector<std::string> missing = facts.stems;
  std::erase_if(missing, [&](const std::string& stem) { return files.stems.contains(stem); });
  PrerequisiteLedger ledger;
  ledger.is_done = missing.empty() && files.parts.empty();
  for (std::int64_t slice = 0; missing.empty() && slice < facts.num_slices; ++slice) ledger.slices_done.insert(slice);
  for (const auto& [slice, stems] : files.parts) {
    const auto is_there = [&, &parts = stems](const std::string& stem) { return parts.contains(stem); };
    if (std::ranges::all_of(missing, is_there)) ledger.slices_done.insert(slice);
  }
  return ledger;
}

std::set<core::GridCell> FolderLedgerView::cancelled() const { return ledger::cancelled_cells(folder_); }

}  // namespace lethe::orchestrator::inline scheduling
