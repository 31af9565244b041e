#pragma once

#include <span>
#include <string>
#include <vector>

#include "orchestrator/display/terminal_size.h"
#include "orchestrator/scheduling/coordinator.h"

namespace lethe::orchestrator::inline display {

/// The same number of columns on a terminal for each character; what is beyond `columns` of them goes.
std::string cut_to(const std::string& text, int columns);
/// Characters of a text in UTF-8.
int num_columns(const std::string& text);

/// What there is to say of a sweep in one breath, the most wanted first: "ETA 3 h 05 min", "edits 12/60 (0.5/s)".
std::vector<std::string> summary_pieces(const Coordinator& coordinator, double edits_per_second);

/// The live table: each line narrower than the terminal, and one line fewer than it is high, so that nothing wraps or
/// scrolls. `first` stands in front of the summary, which stays when rows of methods and ranks have to go.
std::vector<std::string> table_lines(const Coordinator& coordinator, const std::string& first, double edits_per_second,
                                     TerminalSize size);

}  // namespace lethe::orchestrator::inline display
