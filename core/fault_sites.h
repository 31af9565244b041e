#pragma once

#include <array>
#include <string_view>

// Every place where a fault can be asked for (core/fault.h), in one list. tests/scripts/fault_sites_test.py holds it
// against the calls in the sources and against the table of docs/reliability.md.

namespace lethe::core {

/// What stands at a site, and so which actions it takes.
enum class FaultKind {
  kStep,   ///< a point between two steps: the process can end, stop or wait there
  kCall,   ///< a call of the system that can also fail: enospc, edquot, eio
  kWrite,  ///< a write, which can also take a part of what it is given: short
};

struct FaultSiteFacts {
  std::string_view name;
  FaultKind kind;
  std::string_view programs;  ///< that come by it: rank (`lethe sweep`), zygote, executor
  std::string_view when;
};

inline constexpr std::array kFaultSites{
    // Files, whoever writes them.
    FaultSiteFacts{"folder.create", FaultKind::kCall, "rank, executor", "a folder below the sweep's is made"},
    FaultSiteFacts{"folder.list", FaultKind::kCall, "rank, executor", "a folder's files are listed"},
    FaultSiteFacts{"folder.sync", FaultKind::kCall, "rank, executor", "a folder's entries are made durable"},
    FaultSiteFacts{"file.create", FaultKind::kCall, "rank, executor", "a temporary file is created"},
    FaultSiteFacts{"file.write", FaultKind::kWrite, "rank, executor", "its contents are written"},
    FaultSiteFacts{"file.sync", FaultKind::kCall, "rank, executor", "its contents are made durable"},
    FaultSiteFacts{"file.close", FaultKind::kCall, "rank, executor", "it is closed"},
    FaultSiteFacts{"file.link", FaultKind::kCall, "rank, executor", "it gets its name"},
    FaultSiteFacts{"file.unlink", FaultKind::kCall, "rank, executor", "it has its name, and loses the temporary one"},
    FaultSiteFacts{"file.replace", FaultKind::kCall, "rank", "it takes the place of another one, such as STATE"},
    FaultSiteFacts{"file.read", FaultKind::kCall, "rank, executor", "a file is read, or its digest taken"},
    FaultSiteFacts{"commit.written", FaultKind::kStep, "executor", "a file is whole and has no name yet"},
    FaultSiteFacts{"commit.named", FaultKind::kStep, "executor", "it has its name, which is not durable yet"},
    // Tasks of an executor.
    FaultSiteFacts{"task.begin", FaultKind::kStep, "executor", "a task was read, and nothing of it is done"},
    FaultSiteFacts{"prerequisite.begin", FaultKind::kStep, "executor", "a prerequisite is to be made"},
    FaultSiteFacts{"moments.clear", FaultKind::kStep, "executor", "second moments are there, and so are their parts"},
    FaultSiteFacts{"edit.resume", FaultKind::kStep, "executor", "the model is to be rebuilt from a cell's segments"},
    FaultSiteFacts{"edit.step", FaultKind::kStep, "executor", "before an edit"},
    FaultSiteFacts{"edit.done", FaultKind::kStep, "executor", "an edit is made and scored, and not told"},
    FaultSiteFacts{"edit.commit", FaultKind::kStep, "executor", "a segment is full, and nothing of it is written"},
    FaultSiteFacts{"edit.snapshot", FaultKind::kStep, "executor", "a snapshot is committed, and not its segment"},
    FaultSiteFacts{"edit.committed", FaultKind::kStep, "executor", "a segment is committed, and nobody told"},
    FaultSiteFacts{"edit.prune", FaultKind::kStep, "executor", "a snapshot that nothing needs is to be removed"},
    FaultSiteFacts{"reduce.begin", FaultKind::kStep, "executor", "a checkpoint is to be reduced"},
    FaultSiteFacts{"reduce.measure", FaultKind::kStep, "executor", "before a part of a reduction"},
    FaultSiteFacts{"reduce.commit", FaultKind::kStep, "executor", "the part is measured, and nothing of it is written"},
    FaultSiteFacts{"reduce.committed", FaultKind::kStep, "executor", "the part is committed, and nobody told"},
    // Messages.
    FaultSiteFacts{"command.read", FaultKind::kCall, "executor", "an executor reads its commands"},
    FaultSiteFacts{"event.send", FaultKind::kWrite, "executor", "an executor tells an event"},
    FaultSiteFacts{"command.send", FaultKind::kWrite, "rank", "a rank writes a command to its executor"},
    FaultSiteFacts{"event.read", FaultKind::kCall, "rank", "a rank reads events of its executor"},
    FaultSiteFacts{"supervisor.assign", FaultKind::kStep, "rank", "a task has arrived, and not at the executor"},
    FaultSiteFacts{"supervisor.event", FaultKind::kStep, "rank", "an event was read, and not passed on"},
    FaultSiteFacts{"message.send", FaultKind::kStep, "rank", "a message to a rank is to leave"},
    FaultSiteFacts{"message.take", FaultKind::kStep, "rank", "a message has arrived, and nobody acted on it"},
    FaultSiteFacts{"coordinator.assign", FaultKind::kStep, "rank", "work is chosen, and no rank told"},
    FaultSiteFacts{"coordinator.commit", FaultKind::kStep, "rank", "a commit is told, and not counted"},
    FaultSiteFacts{"coordinator.done", FaultKind::kStep, "rank", "a task is told to be done, and not counted"},
    FaultSiteFacts{"coordinator.failed", FaultKind::kStep, "rank", "a task is told to have failed, and not noted"},
    FaultSiteFacts{"coordinator.quit", FaultKind::kStep, "rank", "ranks are to be told to leave"},
    // A sweep's start, its executors, its records, its end.
    FaultSiteFacts{"start.owned", FaultKind::kStep, "rank", "the folder is owned, and nothing is written in it"},
    FaultSiteFacts{"start.recorded", FaultKind::kStep, "rank", "experiment.json is written, inspection.json is not"},
    FaultSiteFacts{"owner.beat", FaultKind::kWrite, "rank", "the owner's token moves, once a second"},
    FaultSiteFacts{"executor.fork", FaultKind::kCall, "zygote", "a process for an executor is to be made"},
    FaultSiteFacts{"executor.descriptors", FaultKind::kCall, "zygote", "it places its descriptors"},
    FaultSiteFacts{"executor.ended", FaultKind::kStep, "zygote", "an executor has ended, and its rank does not know"},
    FaultSiteFacts{"journal.write", FaultKind::kWrite, "rank", "a line of events.jsonl"},
    FaultSiteFacts{"log.write", FaultKind::kWrite, "rank", "a supervisor's line in logs/rank-<r>.log"},
    FaultSiteFacts{"outcome.write", FaultKind::kCall, "rank", "STATE is to say how the sweep ended"},
};

}  // namespace lethe::core
