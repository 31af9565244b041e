#pragma once

#include <array>
#include <string_view>

namespace lethe::core {

/// What a reduction measures. Each part is a file of its own, so that a changed task re-reduces only tasks.
enum class ReductionPart { kDistance, kForgetting, kTasks, kScores, kTexts, kMonitor };
/// All of them, in the order of their values.
inline constexpr std::array kAllReductionParts{ReductionPart::kDistance, ReductionPart::kForgetting,
                                               ReductionPart::kTasks,    ReductionPart::kScores,
                                               ReductionPart::kTexts,    ReductionPart::kMonitor};

/// "distance", "forgetting", "tasks", "scores", "texts", "monitor".
std::string_view to_string(ReductionPart part);
/// Inverse of `to_string`; throws `StorageError` on any other word.
ReductionPart reduction_part_from(std::string_view word);

}  // namespace lethe::core
