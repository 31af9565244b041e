#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/grid_cell.h"
#include "core/metric_record.h"
#include "core/reduction_part.h"
#include "storage/segment.h"

namespace lethe::storage {

/// Among the provenance of tasks: `core::reduction_identity` of the tasks, which a baseline's identity does not show.
inline constexpr const char* kTasksIdentity = "tasks_identity";

/// Among the provenance of tasks, before a task's name: `core::task_identity` of that task, and the file that its
/// answers were taken over from, where they were.
inline constexpr const char* kTaskIdentityPrefix = "task_identity.";
inline constexpr const char* kTakenOverPrefix = "taken_over.";
/// Among that of a monitor: the name of the file that its text was read from.
inline constexpr const char* kMonitorText = "monitor_text";
/// Among a baseline's: `core::contents_identity` of its model.
inline constexpr const char* kContentsIdentity = "contents_identity";

/// One part of the reduction of a cell at a checkpoint; only the field of its part is filled.
struct ReductionContents {
  core::GridCell cell;  ///< method and sample are empty/-1 for a model's baseline
  std::string edit_identity;
  std::string reduction_identity;
  std::int64_t edits = 0;  ///< 0: baseline
  core::ReductionPart part = core::ReductionPart::kDistance;
  std::vector<core::DistanceRecord> distances;
  std::vector<core::ForgettingRecord> forgetting;  ///< all edits 1..n, in order
  std::vector<core::TaskRecord> tasks;
  Provenance provenance;
  std::vector<core::ScoresRecord> scores{};  ///< all edits 1..n, in order
  std::vector<core::TextsRecord> texts{};    ///< by edit, not falling
  core::MonitorRecord monitor{};
};
void write_reduction(const std::filesystem::path& temporary, const ReductionContents& contents);
/// Checks digest and label first; production code uses only this overload.
ReductionContents read_reduction(const ledger::CommittedFile& file, const FileLabel& label);
ReductionContents read_reduction(const std::filesystem::path& path);

}  // namespace lethe::storage
