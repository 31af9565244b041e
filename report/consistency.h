#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "core/config/experiment_config.h"
#include "report/cell_history.h"
#include "report/references.h"
#include "report/remarks.h"

namespace lethe::report {

/// Means over the facts that have references, of the texts of one point, into `point`.
void add_consistency(TextsPoint& point, std::span<const core::TextsRecord> records, const References& references);

/// Adds the consistency of every text of a sweep's cells, of texts that are read from their files once more, one file
/// at a time. Returns the digests of the references; empty where nothing could be compared, which `remarks` says.
/// Throws `core::DataError` for what is wrong with a file of `references`.
std::map<std::string, std::string> add_consistency(std::span<CellHistory> histories,
                                                   const std::filesystem::path& references,
                                                   const core::DatasetConfig& dataset, Remarks& remarks);

}  // namespace lethe::report
