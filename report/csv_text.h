#pragma once

#include <string>
#include <string_view>

namespace lethe::report {

/// A field of a table of comma-separated values: quoted where it has to be.
std::string csv_quoted(std::string_view text);
/// Six digits; empty where there is no number.
std::string csv_field(double value);

}  // namespace lethe::report
