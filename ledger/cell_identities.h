#pragma once

#include <map>
#include <set>
#include <string>

#include "core/cell_ledger.h"
#include "core/grid_cell.h"
#include "core/reduction_part.h"
#include "ledger/sweep_folder.h"

namespace lethe::ledger {

/// Under which identities a cell's results are looked at.
struct CellIdentities {
  std::string edit;                                       ///< empty: none
  std::map<core::ReductionPart, std::string> reductions;  ///< parts without one are left out
};

/// Identities of a part that lie side by side.
std::set<std::string> reduction_identities(const CellFiles& files, core::ReductionPart part);

/// What is known of a cell where nobody says which identities are the present ones: those that lie alone. Of several
/// side by side none is taken; times of files say nothing about settings.
CellIdentities sole_identities(const SweepFolder& folder, const core::GridCell& cell);

/// What is committed under these identities, from file names alone; whether the cell is cancelled stands elsewhere.
core::CellLedger ledger_of(const CellFiles& files, const CellIdentities& identities);
/// With that.
core::CellLedger read_cell_ledger(const SweepFolder& folder, const core::GridCell& cell,
                                  const CellIdentities& identities);

}  // namespace lethe::ledger
