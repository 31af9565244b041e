#pragma once

#include <span>

#include "report/cell_history.h"
#include "report/page.h"
#include "report/phases.h"

namespace lethe::report {

/// The section "Texts" (table 8 of the paper): fluency and perplexity of each cell at its last texts, then, of one cell
/// of each method and model, what is written unedited, in the gradual phase and at the end. Empty without texts.
/// `phases`: of the same cells in the same order.
Page texts_section(std::span<const CellHistory> histories, std::span<const CellPhases> phases);

}  // namespace lethe::report
