#include "core/contract/executor_messages.h"

#include "core/contract_error.h"
#include "core/json_object.h"
#include "core/limits.h"
#include "core/overloaded.h"

namespace lethe::core::inline contract {
namespace {

using nlohmann::json;
using MessageObject = JsonObject<ContractError>;

json task_to_json(const Task& task) {
  return std::visit(
      Overloaded{
          [](const PrerequisiteTask& one) -> json {
            json text = {{"task", "prerequisite"}, {"kind", one.kind}, {"model", one.model}};
            if (one.slice) text["slice"] = *one.slice;
            return text;
          },
          [](const EditTask& edit) -> json {
            return {{"task", "edit"}, {"cell", edit.cell.name()}, {"until", edit.until}};
          },
          [](const ReduceTask& reduce) -> json {
            json parts = json::array();
            for (const auto part : reduce.parts) parts.push_back(to_string(part));
            return {{"task", "reduce"}, {"cell", reduce.cell.name()}, {"edits", reduce.edits}, {"parts", parts}};
          },
      },
      task);
}

GridCell cell_from(MessageObject& object) {
  try {
    return GridCell::from_name(object.text("cell"));
  } catch (const ConfigError& error) {
    object.fail(error.what());
  }
}

ReduceTask reduce_from(MessageObject& object) {
  ReduceTask reduce{cell_from(object), object.integer("edits", 1, kMaxEdits), {}};
  for (const auto& part : object.list("parts")) {
    if (!part.is_string()) object.fail("parts: expected a list of texts");
    try {
      reduce.parts.push_back(reduction_part_from(part.get<std::string>()));
    } catch (const StorageError& error) {
      object.fail(error.what());
    }
  }
  return reduce;
}

std::string model_from(MessageObject& object) {
  auto model = object.text("model");
  if (!is_path_safe_name(model)) object.fail("model: \"" + model + "\" is no model's name");
  return model;
}

PrerequisiteTask prerequisite_from(MessageObject& object) {
  PrerequisiteTask one{object.text("kind"), model_from(object)};
  if (!is_path_safe_name(one.kind)) object.fail("kind: \"" + one.kind + "\" is no kind of prerequisite");
  if (!object.is_null("slice")) one.slice = object.integer("slice", 0, kMaxSlices - 1);
  return one;
}

Task read_task(MessageObject object) {
  const auto kind = object.text("task");
  auto task = [&]() -> Task {
    if (kind == "prerequisite") return prerequisite_from(object);
    if (kind == "edit") return EditTask{cell_from(object), object.integer("until", 1, kMaxEdits)};
    if (kind == "reduce") return reduce_from(object);
    object.fail("task: \"" + kind + "\" is none of prerequisite, edit, reduce");
  }();
  object.finish();
  return task;
}

FailureClass failure_from(MessageObject& object) {
  try {
    return failure_class_from(object.text("failure"));
  } catch (const ContractError&) {
    throw;
  } catch (const CommError& error) {
    object.fail(error.what());
  }
}

Event read_event(MessageObject& object) {
  const auto kind = object.text("event");
  if (kind == "ready") return ReadyEvent{object.integer("process_id"), object.text("device")};
  if (kind == "progress") {
    return ProgressEvent{object.text("stage"), object.integer("done"), object.integer("total"), object.real("seconds")};
  }
  if (kind == "committed") return CommittedEvent{object.text("file"), object.integer("edits")};
  if (kind == "done") return DoneEvent{};
  if (kind == "stopped") return StoppedEvent{object.integer("edits")};
  if (kind == "failed") {
    return FailedEvent{failure_from(object), object.text("reason"), object.integer("edit")};
  }
  if (kind == "leaving") return LeavingEvent{failure_from(object), object.text("reason")};
  object.fail("event: \"" + kind + "\" is none of ready, progress, committed, done, stopped, failed, leaving");
}

}  // namespace

std::string describe(const Task& task) {
  return std::visit(
      Overloaded{
          [](const PrerequisiteTask& one) {
            return one.kind + " " + one.model + (one.slice ? " slice " + std::to_string(*one.slice) : "");
          },
          [](const EditTask& edit) { return "edit " + edit.cell.name(); },
          [](const ReduceTask& reduce) { return "reduce " + reduce.cell.name() + " @" + std::to_string(reduce.edits); },
      },
      task);
}

std::string to_json(const Task& task) { return dump_json(task_to_json(task)); }

Task task_from_json(const std::string& text) {
  const auto document = parse_json<CommError>(text, "task");
  return read_task(MessageObject(document, "task"));
}

std::string to_json(const Command& command) {
  return std::visit(Overloaded{
                        [](const RunCommand& run) {
                          return dump_json({{"command", "run"}, {"task", task_to_json(run.task)}});
                        },
                        [](const StopCommand&) {
                          return dump_json({{"command", "stop"}});
                        },
                        [](const QuitCommand&) {
                          return dump_json({{"command", "quit"}});
                        },
                    },
                    command);
}

Command command_from_json(const std::string& text) {
  const auto document = parse_json<CommError>(text, "command");
  MessageObject object(document, "command");
  const auto kind = object.text("command");
  auto command = [&]() -> Command {
    if (kind == "run") return RunCommand{read_task(MessageObject(object.at("task"), object.place_of("task")))};
    if (kind == "stop") return StopCommand{};
    if (kind == "quit") return QuitCommand{};
    object.fail("command: \"" + kind + "\" is none of run, stop, quit");
  }();
  object.finish();
  return command;
}

std::string to_json(const Event& event) {
  return std::visit(
      Overloaded{
          [](const ReadyEvent& ready) {
            return dump_json({{"event", "ready"}, {"process_id", ready.process_id}, {"device", ready.device}});
          },
          [](const ProgressEvent& progress) {
            return dump_json({{"event", "progress"},
                              {"stage", progress.stage},
                              {"done", progress.done},
                              {"total", progress.total},
                              {"seconds", progress.seconds}});
          },
          [](const CommittedEvent& committed) {
            return dump_json({{"event", "committed"}, {"file", committed.file}, {"edits", committed.edits}});
          },
          [](const DoneEvent&) {
            return dump_json({{"event", "done"}});
          },
          [](const StoppedEvent& stopped) {
            return dump_json({{"event", "stopped"}, {"edits", stopped.edits}});
          },
          [](const FailedEvent& failed) {
            return dump_json({{"event", "failed"},
                              {"failure", to_string(failed.failure)},
                              {"reason", failed.reason},
                              {"edit", failed.edit}});
          },
          [](const LeavingEvent& leaving) {
            return dump_json(
                {{"event", "leaving"}, {"failure", to_string(leaving.failure)}, {"reason", leaving.reason}});
          },
      },
      event);
}

Event event_from_json(const std::string& text) {
  const auto document = parse_json<CommError>(text, "event");
  MessageObject object(document, "event");
  auto event = read_event(object);
  object.finish();
  return event;
}

}  // namespace lethe::core::inline contract
