#pragma once

#include <filesystem>

#include "core/config/method_config.h"
#include "report/sweep_results.h"

namespace lethe::report {

/// Gives a sweep the single edits of its models that `lethe diagnose disabling` has made, for tables 2 and 3 of its
/// report: those of the folder `asked`, which must hold some; without one its own, if it is a sweep of single edits
/// itself, or those of the folder that `diagnose` writes by default (`single_edits_folder`), if that is there.
///
/// They belong to the sweep if they were made of the same model (weights, tokenizer), and by settings of each method
/// that are those of the edits reported here, as far as the sweep has cells of it; what was hashed into the identities
/// of both says so. Edits of models that the sweep has no cell of are left out. Throws `core::ConfigError` if those of
/// `asked` do not belong to it, or cannot be read; a folder that nobody named is then left out with a note.
void add_single_edits(SweepResults& sweep, const core::MethodCatalogue& methods,
                      const std::filesystem::path& asked = {});

}  // namespace lethe::report
