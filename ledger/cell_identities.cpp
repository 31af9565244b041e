#include "ledger/cell_identities.h"

#include "ledger/cancelled_cells.h"

namespace lethe::ledger {

std::set<std::string> reduction_identities(const CellFiles& files, core::ReductionPart part) {
  std::set<std::string> identities;
  for (const auto& file : files.reductions) {
    if (file.part == part) identities.insert(file.identity);
  }
  return identities;
}

CellIdentities sole_identities(const SweepFolder& folder, const core::GridCell& cell) {
  CellIdentities sole;
  const auto edits = foreign_identities(folder, cell, "");
  if (edits.size() != 1) return sole;
  sole.edit = edits.front();
  const auto files = scan_cell(folder.cell(cell, sole.edit));
  for (const auto part : core::kAllReductionParts) {
    const auto identities = reduction_identities(files, part);
    if (identities.size() == 1) sole.reductions.emplace(part, *identities.begin());
  }
  return sole;
}

core::CellLedger ledger_of(const CellFiles& files, const CellIdentities& identities) {
  core::CellLedger ledger;
  ledger.num_edits = files.num_edits();
  ledger.collapsed_at = files.collapsed_at();
  for (const auto& reduction : files.reductions) {
    const auto identity = identities.reductions.find(reduction.part);
    if (identity != identities.reductions.end() && identity->second == reduction.identity) {
      ledger.reductions.emplace(reduction.edits, reduction.part);
    }
  }
  return ledger;
}

core::CellLedger read_cell_ledger(const SweepFolder& folder, const core::GridCell& cell,
                                  const CellIdentities& identities) {
  core::CellLedger ledger;
  if (!identities.edit.empty()) ledger = ledger_of(scan_cell(folder.cell(cell, identities.edit)), identities);
  ledger.is_cancelled = is_cancelled(folder, cell);
  return ledger;
}

}  // namespace lethe::ledger
