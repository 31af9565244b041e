#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <vector>

#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"
#include "report/disabling_cases.h"
#include "report/disabling_edits.h"
#include "report/remarks.h"

namespace lethe::report {

/// What a folder of single edits holds (report/disabling_experiment.h), as far as it has come.
struct SingleEditResults {
  std::filesystem::path root;
  core::ExperimentConfig config;
  std::optional<core::Inspection> inspection;
  Selection selection;
  std::vector<SingleEdits> groups;
  std::size_t num_complete = 0;  ///< of the experiment's cells
  Remarks remarks;               ///< of all cells
};

/// Throws `core::StorageError` for a folder that is none of these.
SingleEditResults read_single_edits(const std::filesystem::path& root, const core::MethodCatalogue& methods);

}  // namespace lethe::report
