#pragma once

#include <exception>

#include "worker/workspace.h"

namespace lethe::worker {

/// The executor's side of the pipe: reads commands (one JSON object a line) from `command_fd`, runs one task at a
/// time and writes events to `event_fd`. Returns at QuitCommand; a task at hand is then finished up to the current
/// edit and committed. When the supervisor vanishes (end of file) the process ends at once: a successor may already
/// work on the same cell. Failures of a task become FailedEvents; what this process cannot go on after is thrown: a
/// command that it does not know as `core::ContractError`, an error of its device as it came.
void serve(Workspace& workspace, int command_fd, int event_fd);

/// Why the executor leaves before it was told to, in its log and then to its supervisor.
void tell_departure(const std::exception& error, int event_fd);

}  // namespace lethe::worker
