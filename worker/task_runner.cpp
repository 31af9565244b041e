#include "worker/task_runner.h"

#include "worker/edit_runner.h"
#include "worker/prerequisites.h"

namespace lethe::worker {
namespace {

struct Dispatch {
  Workspace& workspace;
  ReductionRunner& reductions;
  TaskMonitor& monitor;

  TaskRunner::Result operator()(const core::PrerequisiteTask& task) const {
    return {run_prerequisite(workspace, task, monitor), 0};
  }
  TaskRunner::Result operator()(const core::EditTask& task) const {
    const auto committed = run_edits(workspace, task, monitor);
    return {committed.is_complete, committed.edits};
  }
  TaskRunner::Result operator()(const core::ReduceTask& task) const {
    return {reductions.run(task, monitor), task.edits};
  }
};

const std::string* model_of(const core::Task& task) {
  return std::visit(
      [](const auto& one) -> const std::string* {
        if constexpr (requires { one.cell; }) {
          return &one.cell.model;
        } else {
          return &one.model;
        }
      },
      task);
}

}  // namespace

TaskRunner::Result TaskRunner::run(const core::Task& task, TaskMonitor& monitor) {
  // A reducer's rebuilt model must not keep another base model alive beside the one to be loaded.
  if (!std::holds_alternative<core::ReduceTask>(task) || !reductions_.holds(*model_of(task))) reductions_.forget();
  monitor.progress("load", 0, 1, 0.0);
  const auto* prerequisite = std::get_if<core::PrerequisiteTask>(&task);
  if (prerequisite == nullptr || loads_model(*prerequisite)) workspace_.model(*model_of(task));
  return std::visit(Dispatch{workspace_, reductions_, monitor}, task);
}

}  // namespace lethe::worker
