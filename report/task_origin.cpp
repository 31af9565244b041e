#include "report/task_origin.h"

#include <nlohmann/json.hpp>

#include "core/strict_json.h"

namespace lethe::report {
namespace {

using nlohmann::json;

/// Those of a config's fields that decide what a model is asked.
constexpr const char* kAskedFields[] = {"name", "prefix", "query", "marker", "answers", "max_new_tokens"};

std::string described_tasks(const storage::Provenance& provenance) {
  const auto config = provenance.find("config");
  if (config == provenance.end()) return {};
  const auto document = core::json_if_sound(config->second).value_or(nullptr);
  if (!document.is_object() || !document.contains("tasks") || !document["tasks"].is_array()) return {};
  json asked = json::array();
  for (const auto& task : document["tasks"]) {
    json fields;
    for (const auto* field : kAskedFields) fields[field] = task.is_object() ? task.value(field, json()) : json();
    asked.push_back(std::move(fields));
  }
  return asked.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

TaskOrigin task_origin(const storage::ReductionContents& contents) {
  TaskOrigin origin;
  const auto identity = contents.provenance.find(storage::kTasksIdentity);
  // A baseline's own identity holds the model too; a reduction's is that of its tasks alone.
  if (identity != contents.provenance.end()) origin.tasks_identity = identity->second;
  if (contents.edits > 0) origin.tasks_identity = contents.reduction_identity;
  origin.description = described_tasks(contents.provenance);
  for (const auto& task : contents.tasks) origin.labels.push_back(task.labels);
  return origin;
}

bool have_same_questions(const TaskOrigin& a, const TaskOrigin& b) {
  if (a.labels != b.labels) return false;
  if (!a.tasks_identity.empty() && !b.tasks_identity.empty()) return a.tasks_identity == b.tasks_identity;
  return a.description.empty() || b.description.empty() || a.description == b.description;
}

}  // namespace lethe::report
