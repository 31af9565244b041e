#pragma once

#include "orchestrator/scheduling/backlog.h"

namespace lethe::orchestrator::inline scheduling {

/// Who is there to do the rest. Ranks that may do both count in both.
struct Crew {
  int num_executors = 1;
  int num_editing = 1;
  int num_reducing = 1;
};

/// Expected seconds to the end: the longest of three bounds that no schedule beats. All work spread evenly; the edits
/// of cells dealt to those who edit, longest first, for a cell's edits follow each other; one cell from what it waits
/// for to its last reduction. Work that failed takes no time; of edits that are running, and of a prerequisite that has
/// reported twice, the rest counts, of other running work the whole.
double remaining_seconds(const Backlog& backlog, const Crew& crew);

}  // namespace lethe::orchestrator::inline scheduling
