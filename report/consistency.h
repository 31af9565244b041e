#pragma once

#include <span>

#include "core/config/experiment_config.h"
#include "report/cell_history.h"
#include "report/references.h"
#include "report/remarks.h"

namespace lethe::report {

/// Means over the facts that have references, of the texts of one point, into `point`.
void add_consistency(TextsPoint& point, std::span<const core::TextsRecord> records, const References& references);

/// Adds the consistency of every text of a sweep's cells, of texts that are read from their files again, one file at a
/// time: first for which facts they are about, then to be compared. Where there are no texts, no records by which
/// references are found, or other ones now than were edited, nothing is compared, which `remarks` says, as of a file
/// that can no longer be read. Throws `core::DataError` for flawed snippets.
void add_consistency(std::span<CellHistory> histories, const ReferenceFiles& references,
                     const core::DatasetConfig& dataset, Remarks& remarks);

}  // namespace lethe::report
