#include "core/reduction_part.h"

#include <string>
#include <utility>

#include "core/error.h"

namespace lethe::core {
namespace {

constexpr std::array<std::pair<ReductionPart, std::string_view>, 6> kPartNames{{
    {ReductionPart::kDistance, "distance"},
    {ReductionPart::kForgetting, "forgetting"},
    {ReductionPart::kTasks, "tasks"},
    {ReductionPart::kScores, "scores"},
    {ReductionPart::kTexts, "texts"},
    {ReductionPart::kMonitor, "monitor"},
}};

}  // namespace

std::string_view to_string(ReductionPart part) {
  for (const auto& [value, name] : kPartNames) {
    if (value == part) return name;
  }
  throw StorageError("reduction part " + std::to_string(static_cast<int>(part)) + " has no name");
}

ReductionPart reduction_part_from(std::string_view word) {
  for (const auto& [value, name] : kPartNames) {
    if (name == word) return value;
  }
  throw StorageError("\"" + std::string(word) +
                     "\" is no reduction part: expected distance, forgetting, tasks, scores, texts or monitor");
}

}  // namespace lethe::core
