#include "core/config/task_reader.h"

#include "core/blanks.h"
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

/// Words are searched in their order and as parts of the answer, so each must be one that can be found, and found
/// first.
std::string answers_problem(const std::vector<TaskAnswer>& answers) {
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto& word = answers[i].word;
    const auto shown = "\"" + word + "\"";
    if (word.empty()) continue;  // has its problem already
    if (has_blank_at_an_end(word)) {
      return "answers: expected words without blanks at their ends, found " + shown +
             ": answers are stripped before they are searched";
    }
    for (std::size_t j = i + 1; j < answers.size(); ++j) {
      const auto& later = answers[j].word;
      if (later == word) return "answers: expected distinct words, found " + shown + " twice";
      if (later.find(word) == std::string::npos) continue;
      return "answers: " + shown + " is searched before \"" + later +
             "\", which holds it, so that the second is never found; expected the longer word first";
    }
  }
  return "";
}

/// A query's own text from `begin` on: fields, whose text is the examples', are line ends.
std::string own_text(std::string_view query, std::size_t begin) {
  std::string text;
  for (auto i = begin; i < query.size(); ++i) {
    const bool is_brace = query[i] == '{' || query[i] == '}';
    const bool is_doubled = is_brace && i + 1 < query.size() && query[i + 1] == query[i];
    if (is_doubled) ++i;
    if (is_doubled || !is_brace) {
      text += query[i];
    } else {
      text += '\n';
      i = query.find('}', i);
    }
  }
  return text;
}

/// The answer is looked for behind the last marker, where what the query itself says comes first.
std::string own_answer_problem(const TaskConfig& task) {
  const auto behind = own_text(task.query, task.query.rfind(task.marker) + task.marker.size());
  for (const auto& answer : task.answers) {
    if (answer.word.empty() || behind.find(answer.word) == std::string::npos) continue;
    return "marker: expected one behind the answer words of the query, found \"" + task.marker + "\", and \"" +
           answer.word + "\" behind it, where answers are looked for: the query would answer each example itself";
  }
  return "";
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
  const auto problem = answers_problem(task.answers);
  return problem.empty() ? own_answer_problem(task) : problem;
}

std::optional<TaskConfig> read_task(const YamlValue& item) {
  const bool has_file = item.node.IsMap() && std::any_of(item.node.begin(), item.node.end(), [](const auto& entry) {
                          return entry.first.IsScalar() && entry.first.Scalar() == "file";
                        });
  std::optional<YamlFile> file;
  if (!has_file) {
    const auto resolved = resolve(item, file);
    return resolved ? std::optional(read_task_config(*resolved)) : std::nullopt;
  }
  YamlMap map(item, "a map with file and examples");
  const auto named = map.find("file");
  const auto examples = map.find("examples", Presence::kRequired, "a path, in place of the file's own");
  const auto path = examples ? examples->file_path() : std::nullopt;
  map.finish();
  if (!named->node.IsScalar()) named->unexpected("the path of a task's file");
  const auto resolved = named->node.IsScalar() ? resolve(*named, file) : std::nullopt;
  if (!resolved) return std::nullopt;
  auto task = read_task_config(*resolved);
  if (path) task.examples = *path;
  return task;
}

TaskConfig read_task_config(const YamlValue& value) {
  TaskConfig task;
  YamlMap map(value, kTaskMap);
  YamlFieldReader fields(map);
  visit_fields(fields, task);
  map.finish();
  if (task.title.empty()) task.title = task.name;
  if (const auto answers = value.child("answers")) {
    task.answers_place.text = value.file->display + ":" + std::to_string(answers->mark.line + 1);
  }
  const bool is_complete = !task.query.empty() && !task.marker.empty();
  const auto problem = is_complete ? task_config_problem(task) : std::string();
  if (problem.empty()) return task;
  // Where the key stands, rather than where the task begins.
  const auto key = problem.substr(0, problem.find(':'));
  if (const auto place = value.child(key)) place->problem(problem.substr(key.size() + 2));
  return task;
}

}  // namespace lethe::core::inline config
