#include "core/config/task_reader.h"

#include <algorithm>
#include <set>

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

/// A text that may be empty: a task without demonstrations has no prefix.
std::optional<std::string> possibly_empty_text(const YamlValue& value) {
  if (value.node.IsScalar()) return value.node.Scalar();
  value.unexpected("a text");
  return std::nullopt;
}

std::vector<TaskAnswer> read_answers(const YamlValue& value) {
  std::vector<TaskAnswer> answers;
  const auto items = value.list("a list such as [{word: positive, label: 1}, {word: negative, label: 0}]");
  if (!items) return answers;
  if (items->empty()) value.problem("expected at least one {word: ..., label: ...}, found none");
  for (const auto& item : *items) {
    YamlMap map(item, "a map such as {word: positive, label: 1}");
    TaskAnswer answer;
    if (const auto word = map.find("word", Presence::kRequired, "a text")) assign(answer.word, word->text());
    if (const auto label = map.find("label", Presence::kRequired, "a whole number")) {
      assign(answer.label, label->integer({0, 1'000'000}));
    }
    map.finish();
    answers.push_back(std::move(answer));
  }
  return answers;
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
  auto task = read_task_config(*resolved, path ? Presence::kOptional : Presence::kRequired);
  if (path) task.examples = *path;
  return task;
}

TaskConfig read_task_config(const YamlValue& value, Presence of_examples) {
  TaskConfig task;
  YamlMap map(value, "a task (a map with name, examples, prefix, query, marker and answers)");
  const auto required = [&](const char* key, const char* expected) {
    return map.find(key, Presence::kRequired, expected);
  };
  if (const auto name = required("name", "a short name")) assign(task.name, name->name());
  task.title = task.name;
  if (const auto title = map.find("title")) assign(task.title, title->text());
  if (const auto examples = map.find("examples", of_examples, "a path")) assign(task.examples, examples->file_path());
  if (const auto prefix = map.find("prefix")) assign(task.prefix, possibly_empty_text(*prefix));
  const auto query = required("query", "a text with {field} placeholders");
  if (query) assign(task.query, query->text());
  const auto marker = required("marker", "a text after which the answer is read");
  if (marker) assign(task.marker, marker->text());
  if (const auto answers = required("answers", "a list of {word: ..., label: ...}"))
    task.answers = read_answers(*answers);
  if (const auto tokens = map.find("max_new_tokens")) assign(task.max_new_tokens, tokens->integer({1, 256}));
  map.finish();
  const bool is_complete = query && marker && !task.query.empty() && !task.marker.empty();
  if (const auto problem = task_config_problem(task); is_complete && !problem.empty()) value.inner_problem(problem);
  return task;
}

}  // namespace lethe::core::inline config
