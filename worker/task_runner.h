#pragma once

#include "core/contract/executor_messages.h"
#include "worker/reduction_runner.h"
#include "worker/task_monitor.h"
#include "worker/workspace.h"

namespace lethe::worker {

/// Runs any task of a sweep in this process. Exceptions pass through: the caller is the task's boundary.
class TaskRunner {
 public:
  explicit TaskRunner(Workspace& workspace) : workspace_(workspace), reductions_(workspace) {}

  struct Result {
    bool is_complete = true;  ///< false: told to stop before the end
    std::int64_t edits = 0;   ///< edits committed, for edit tasks
  };
  Result run(const core::Task& task, TaskMonitor& monitor);

 private:
  Workspace& workspace_;
  ReductionRunner reductions_;
};

}  // namespace lethe::worker
