#pragma once

#include "core/config/experiment_config.h"
#include "core/config/yaml_map.h"

namespace lethe::core::inline config {

/// Reads an entry of an experiment's tasks: a task file, a task, or {file: ..., examples: ...}, a task file with other
/// examples. Nothing, and a problem, if its file cannot be read.
std::optional<TaskConfig> read_task(const YamlValue& item);

/// Reads a downstream task. `value` is the map itself, or the whole of a task file.
TaskConfig read_task_config(const YamlValue& value);

/// What is wrong with a task's texts taken together, or nothing: the marker must occur in the query, the query's
/// braces must be {field}, {{ or }}, words must be distinct, and the query holds none of them behind the marker.
std::string task_config_problem(const TaskConfig& task);

}  // namespace lethe::core::inline config
