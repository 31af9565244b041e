#include "data/task_examples.h"

#include <limits>

#include "core/error.h"
#include "data/json_entries.h"
#include "data/text_file.h"

namespace lethe::data {
namespace {

TaskExample read_example(const Json& entry, const std::string& place, Problems& problems) {
  const EntryReader reader(entry, place, problems);
  TaskExample example;
  example.place = place;
  if (!entry.is_object()) return example;
  const std::int64_t label = reader.required_integer("label");
  if (label < std::numeric_limits<std::int32_t>::min() || label > std::numeric_limits<std::int32_t>::max()) {
    reader.report("label", "a label of at most 32 bits expected, found " + std::to_string(label));
  }
  example.label = static_cast<std::int32_t>(label);
  for (const auto& [key, value] : entry.items()) {
    if (value.is_string() && key != "label") example.fields.emplace(key, value.get<std::string>());
  }
  if (example.fields.empty()) problems.add(place + ": holds no text field (\"sentence\", \"sentence1\", ...)");
  return example;
}

[[noreturn]] void fail_query(const std::string& query, std::size_t position, const std::string& reason) {
  throw core::DataError("query \"" + excerpt(query, 80) + "\", character " + std::to_string(position + 1) + ": " +
                        reason);
}

const std::string& field_of(const TaskExample& example, const std::string& name, const std::string& query,
                            std::size_t position) {
  const auto found = example.fields.find(name);
  if (found != example.fields.end()) return found->second;
  std::string known;
  for (const auto& [field, text] : example.fields) known += (known.empty() ? "" : ", ") + excerpt(field);
  fail_query(query, position, "the example has no text field \"" + excerpt(name) + "\"; it has " + known);
}

}  // namespace

TaskExamples read_task_examples(const std::filesystem::path& path) {
  TaskExamples examples;
  Problems problems;
  for_each_json_entry(path, "label", [&](const Json& entry, const std::string& place) {
    examples.push_back(read_example(entry, place, problems));
  });
  if (examples.empty()) problems.add(path.string() + ": holds no example");
  problems.throw_if_any();
  return examples;
}

std::string fill_query(const std::string& query, const TaskExample& example) {
  std::string result;
  for (std::size_t position = 0; position < query.size();) {
    const char character = query[position];
    const bool is_doubled = position + 1 < query.size() && query[position + 1] == character;
    if (character != '{' && character != '}') {
      result += character;
      ++position;
    } else if (is_doubled) {
      result += character;
      position += 2;
    } else if (character == '}') {
      fail_query(query, position, "\"}\" without \"{\"; write \"}}\" for a brace");
    } else {
      const std::size_t end = query.find('}', position);
      if (end == std::string::npos) fail_query(query, position, "\"{\" is not closed; write \"{{\" for a brace");
      result += field_of(example, query.substr(position + 1, end - position - 1), query, position);
      position = end + 1;
    }
  }
  return result;
}

}  // namespace lethe::data
