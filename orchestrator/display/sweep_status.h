#pragma once

#include <iosfwd>

#include "orchestrator/display/sweep_look.h"

namespace lethe::orchestrator::inline display {

/// The text of `lethe status`: where the sweep stands and who owns it, what keeps it, a row for each cell, the last
/// failure in full.
void print_status(const SweepLook& look, std::ostream& out);
/// The same as one JSON object in one line (docs/formats.md).
void print_status_json(const SweepLook& look, std::ostream& out);

}  // namespace lethe::orchestrator::inline display
