#pragma once

#include <filesystem>
#include <optional>

#include "core/contract/inspection.h"
#include "report/page.h"

namespace lethe::report {

/// What the committed prerequisites of an experiment say of themselves (storage/statement.h): condition numbers of
/// second moments, thresholds and ranks of projectors. A row a file that says something. Of a file that cannot be read
/// there is no row: `lethe verify` says what is wrong with it, and nothing in a report depends on it. `root` is the
/// sweep's folder.
Table prerequisite_table(const std::optional<core::Inspection>& inspection, const std::filesystem::path& root);

}  // namespace lethe::report
