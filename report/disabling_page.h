#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "report/disabling_edits.h"
#include "report/disabling_results.h"
#include "report/page.h"
#include "report/remarks.h"

// What `lethe diagnose disabling` says (docs/formats.md 11 lists the columns).

namespace lethe::report {

/// Over the section of single edits in a sweep's report.
inline constexpr const char* kSingleEditsHeading = "Single edits";

/// Whether a single disabling edit exists among those that were tried: the rest of a sentence that names method and
/// model.
std::string disabling_sentence(const SingleEdits& group);

/// disabling.csv: a row an edit, and one of each unedited model.
std::string disabling_csv(std::span<const SingleEdits> groups);
/// disabling-ratios.csv: a row a method, model and quantity.
std::string disabling_ratios_csv(std::span<const SingleEdits> groups, std::uint64_t seed);
/// How edits were chosen and judged, the verdict on each method and model, and chosen edits beside random ones: table 2
/// of the paper.
Page disabling_findings(std::span<const SingleEdits> groups, const Selection& selection);
/// These as a section of the report of the sweep in the folder `sweep`, with where they come from.
Page disabling_section(const SingleEditResults& edits, const std::filesystem::path& sweep);

/// disabling.md, and disabling.tex by its tables. `name` is the experiment's.
Page disabling_page(const std::string& name, std::span<const SingleEdits> groups, const Selection& selection,
                    const Remarks& remarks);

}  // namespace lethe::report
