#pragma once

#include <string>
#include <vector>

#include "core/contract/inspection.h"

namespace lethe::core::inline contract {

/// Fields of a task that differ, in the words of its file: "prefix", "examples"; of two that are the same none.
std::vector<std::string> differing_fields(const TaskFacts& one, const TaskFacts& other);

}  // namespace lethe::core::inline contract
