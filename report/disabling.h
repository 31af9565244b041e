#pragma once

#include <filesystem>

#include "core/config/method_config.h"

namespace lethe::report {

/// Reads a folder of single edits (report/disabling_experiment.h), writes disabling.csv, disabling-ratios.csv,
/// disabling.md and its tables as disabling.tex into its report/, and prints a sentence a method and model and where
/// everything is. Returns 0 if all edits of the experiment are in the tables, 1 if some are missing, which disabling.md
/// says. Throws `core::StorageError` for a folder that is none of these, or that cannot be written.
int report_single_edits(const std::filesystem::path& folder, const core::MethodCatalogue& methods);

}  // namespace lethe::report
