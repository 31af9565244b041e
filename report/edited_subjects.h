#pragma once

#include <span>

#include "core/config/experiment_config.h"
#include "report/cell_history.h"
#include "report/phases.h"
#include "report/phases_page.h"
#include "report/remarks.h"

namespace lethe::report {

/// Subjects of the edits behind points, from the data set's records: of cells whose edits are of the records that lie
/// there now. Others have none, which `remarks` says; without records there is nothing to say, since a report needs
/// the sweep's folder alone. `cells`: of each history.
Subjects edited_subjects(std::span<const CellHistory> histories, std::span<const CellPhases> cells,
                         const core::DatasetConfig& dataset, Remarks& remarks);

}  // namespace lethe::report
