#include "core/config/task_reader.h"

#include <set>

#include "core/config/experiment_fields.h"
#include "core/config/field_yaml.h"

namespace lethe::core::inline config {
namespace {

/// Index of the first brace that is neither part of {field} nor doubled; npos if there is none.
std::size_t misplaced_brace(std::string_view query) {
  for (std::size_t i = 0; i < query.size(); ++i) {
    if (query[i] != '{' && query[i] != '}') continue;
    if (i + 1 < query.size() && query[i + 1] == query[i]) {
      ++i;
      continue;
    }
    const auto end = query.find_first_of("{}", i + 1);
    if (query[i] == '}' || end == std::string_view::npos || query[end] == '{' || end == i + 1) return i;
    i = end;
  }
  return std::string_view::npos;
}

}  // namespace

std::string task_config_problem(const TaskConfig& task) {
  if (const auto at = misplaced_brace(task.query); at != std::string::npos) {
    return "query: expected {field}, or {{ and }} for braces, found a lone brace at character " +
           std::to_string(at + 1);
  }
  if (task.query.find(task.marker) == std::string::npos) {
    return "marker: expected a text that occurs in the query, after which the answer is read, found \"" + task.marker +
           "\"";
  }
  std::set<std::string> words;
  for (const auto& answer : task.answers) {
    if (!words.insert(answer.word).second)
      return "answers: expected distinct words, found \"" + answer.word + "\" twice";
  }
  return "";
}

TaskConfig read_task_config(const YamlValue& value) {
  TaskConfig task;
  YamlMap map(value, kTaskMap);
  YamlFieldReader fields(map);
  visit_fields(fields, task);
  map.finish();
  if (task.title.empty()) task.title = task.name;
  const bool is_complete = !task.query.empty() && !task.marker.empty();
  if (const auto problem = task_config_problem(task); is_complete && !problem.empty()) value.inner_problem(problem);
  return task;
}

}  // namespace lethe::core::inline config
