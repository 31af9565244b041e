#pragma once

#include <string>
#include <string_view>

#include "core/grid_cell.h"
#include "core/metric_record.h"

namespace lethe::report {

/// A field of a table of comma-separated values: quoted where it has to be.
std::string csv_quoted(std::string_view text);
/// Six digits; empty where there is no number.
std::string csv_field(double value);
/// As many digits as it takes to read the same number again; empty where there is none.
std::string csv_exact(double value);
/// `cell,method,model,sample`: no name of a cell has to be quoted.
std::string cell_fields(const core::GridCell& cell);
/// `applied`, `non-finite` or `ill-conditioned`.
const char* status_field(core::EditStatus status);

}  // namespace lethe::report
