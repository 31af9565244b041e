#pragma once

#include <string>

#include "storage/reduction.h"

namespace lethe::report {

/// What the tasks in a file were asked with. Answers may be compared only if they answer the same: prompts, answer
/// words, examples.
struct TaskOrigin {
  std::string tasks_identity;  ///< `core::reduction_identity` of the tasks; empty in files that do not say it
  std::string description;     ///< the tasks of the config that the file was made with, as JSON; empty if unknown
  std::vector<std::vector<std::int32_t>> labels;  ///< of each task's examples
};
TaskOrigin task_origin(const storage::ReductionContents& contents);

/// Do both answer the same questions? Files that say too little are compared by what they say.
bool have_same_questions(const TaskOrigin& a, const TaskOrigin& b);

}  // namespace lethe::report
