#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "report/page.h"
#include "report/phases.h"

// What the report says of phases (docs/formats.md 11 lists the columns).

namespace lethe::report {

/// Subjects of edited records by case id, as far as they are known.
using Subjects = std::map<std::int64_t, std::string>;

/// phases.csv: a row a cell.
std::string phases_csv(std::span<const CellPhases> cells, const Subjects& subjects);
/// breaks.csv: a row a break of an indicator; one row with the reason or the likeliest confidence where there is none.
std::string breaks_csv(std::span<const CellPhases> cells);

/// Section of the summary: two tables, and a sentence a cell.
Page phases_section(std::span<const CellPhases> cells, const Subjects& subjects);

}  // namespace lethe::report
