#pragma once

#include "worker/workspace.h"

namespace lethe::worker {

/// The executor's side of the pipe: reads commands (one JSON object a line) from `command_fd`, runs one task at a
/// time and writes events to `event_fd`. Returns at QuitCommand; a task at hand is then finished up to the current
/// edit and committed. When the supervisor vanishes (end of file) the process ends at once: a successor may already
/// work on the same cell. Failures of a task become FailedEvents.
void serve(Workspace& workspace, int command_fd, int event_fd);

}  // namespace lethe::worker
