#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/error.h"
#include "core/grid_cell.h"
#include "core/reduction_part.h"

// What a supervisor and its executor say to each other: one JSON object a line.
// Commands go down the executor's standard input, events come up file descriptor 3;
// its standard output and error are log text.

namespace lethe::core::inline contract {

/// One of the inspection's prerequisites: all of it that is still missing, or with a slice that part alone.
struct PrerequisiteTask {
  std::string kind;
  std::string model;
  std::optional<std::int64_t> slice = std::nullopt;
  bool operator==(const PrerequisiteTask&) const = default;
};
/// Edits of a cell, from its committed segments on, up to `until` edits.
struct EditTask {
  GridCell cell;
  std::int64_t until = 0;
  bool operator==(const EditTask&) const = default;
};
/// The named parts of the reduction of a cell at checkpoint `edits`.
struct ReduceTask {
  GridCell cell;
  std::int64_t edits = 0;
  std::vector<ReductionPart> parts;
  bool operator==(const ReduceTask&) const = default;
};
using Task = std::variant<PrerequisiteTask, EditTask, ReduceTask>;

/// "moments small-gpt2", "moments gpt-j slice 3", "edit rome/small-gpt2/sample0", "reduce rome/small-gpt2/sample0 @30".
std::string describe(const Task& task);
std::string to_json(const Task& task);
/// The same as of a command.
Task task_from_json(const std::string& text);

struct RunCommand {
  Task task;
};
/// Finish the edit at hand, commit, answer `StoppedEvent`.
struct StopCommand {};
struct QuitCommand {};
using Command = std::variant<RunCommand, StopCommand, QuitCommand>;

/// The executor has started and can take a command.
struct ReadyEvent {
  std::int64_t process_id = 0;
  std::string device;
};
/// Signs of life with work done; hang detection counts only these.
struct ProgressEvent {
  std::string stage;  ///< "load", "edit", "ask", "reduce", "replay", or the kind of a prerequisite
  std::int64_t done = 0;
  std::int64_t total = 0;
  double seconds = 0.0;  ///< of the last step
};
/// A file of the task was committed; `edits` is the checkpoint reached (0 for prerequisites).
struct CommittedEvent {
  std::string file;
  std::int64_t edits = 0;
};
struct DoneEvent {};
/// Answer to StopCommand: everything done so far is committed.
struct StoppedEvent {
  std::int64_t edits = 0;
};
/// The task failed in an orderly way; the executor lives on.
struct FailedEvent {
  FailureClass failure = FailureClass::kCrash;
  std::string reason;
  std::int64_t edit = 0;  ///< 0 where it does not apply
};
/// The executor leaves without being told to, and why: it was asked for what it does not know, or its device is lost.
/// The task at hand, if there is one, fails with it. Nothing follows but the exit.
struct LeavingEvent {
  FailureClass failure = FailureClass::kCrash;
  std::string reason;
};
using Event =
    std::variant<ReadyEvent, ProgressEvent, CommittedEvent, DoneEvent, StoppedEvent, FailedEvent, LeavingEvent>;

std::string to_json(const Command& command);
/// Throws `ContractError` on an object that this build does not know, `CommError` on what is no object at all.
Command command_from_json(const std::string& text);
std::string to_json(const Event& event);
/// The same.
Event event_from_json(const std::string& text);

}  // namespace lethe::core::inline contract
