#pragma once

#include <span>

#include "report/cell_history.h"
#include "report/disabling_edits.h"
#include "report/page.h"
#include "report/phases.h"

namespace lethe::report {

/// The paper's table 3, generated: what each method does to a model in words, each from measured numbers by the rule
/// that stands under the table. A table a model: a row a property, a column a method; samples are taken together.
/// `cells` are the phases of `histories`, in their order; `single_edits` what edits did alone, of as many methods and
/// models as there is: of the others the last row has a dash, and the page says what to type. Empty before the first
/// edit.
Page properties_section(std::span<const CellHistory> histories, std::span<const CellPhases> cells,
                        std::span<const SingleEdits> single_edits = {});

}  // namespace lethe::report
