#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace lethe::data {

struct TaskExample {
  std::map<std::string, std::string> fields;  ///< "sentence", "sentence1", ...
  std::int32_t label = 0;
  std::string place{};  ///< "examples.json: entry 3", for messages
};
using TaskExamples = std::vector<TaskExample>;

/// Reads a JSON list (or JSON lines) of GLUE-style objects. Throws `core::DataError` with file and entry.
TaskExamples read_task_examples(const std::filesystem::path& path);

/// Replaces "{field}" by the example's field; "{{" and "}}" stand for braces. Throws `core::DataError` for an unknown
/// field.
std::string fill_query(const std::string& query, const TaskExample& example);

}  // namespace lethe::data
