#pragma once

#include <filesystem>
#include <optional>

#include "core/contract/inspection.h"
#include "report/page.h"

namespace lethe::report {

/// What the committed prerequisites of an experiment say of themselves (storage/statement.h): condition numbers of
/// second moments, thresholds and ranks of projectors. An item a file that says something or cannot be read; nothing in
/// a report depends on them, and `lethe verify` says what is wrong with one. `root` is the sweep's folder.
List prerequisite_list(const std::optional<core::Inspection>& inspection, const std::filesystem::path& root);

}  // namespace lethe::report
