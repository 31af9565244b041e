#include "orchestrator/display/cell_disk.h"

#include <algorithm>

#include "core/config/schedule.h"

namespace lethe::orchestrator::inline display {
namespace {

constexpr std::int64_t kBytesPerEditRecord = 1'100;
constexpr std::int64_t kBytesPerFile = 48'000;  // HDF5's own structures and the provenance
constexpr std::int64_t kBytesPerForgetting = 72;
constexpr std::int64_t kBytesPerScores = 2'200;  // 13 prompts with both targets, of two models
constexpr std::int64_t kBytesPerTask = 8'000;
constexpr std::int64_t kBytesPerTextToken = 8;     // an id and the text that it stands for
constexpr std::int64_t kTextsPerFact = 12;         // 3 prompts, greedy and sampled, of two models
constexpr std::int64_t kBytesPerMonitorToken = 2;  // three numbers a document, of a dozen tokens or more

}  // namespace

std::int64_t cell_disk(const core::ExperimentConfig& config, const core::CellFacts& facts) {
  const auto checkpoints = core::checkpoints_of(config, facts.cell);
  const auto num_checkpoints = static_cast<std::int64_t>(checkpoints.size());
  const auto num_snapshots = config.keep_snapshots == "newest" ? std::int64_t{1} : num_checkpoints;
  auto bytes = facts.edits * (facts.delta_bytes_per_edit + kBytesPerEditRecord) + num_checkpoints * kBytesPerFile +
               num_snapshots * facts.snapshot_bytes;
  for (const auto edits : checkpoints) {
    for (const auto part : core::parts_due(config, facts.cell, edits)) {
      bytes += kBytesPerFile;
      if (part == core::ReductionPart::kForgetting) bytes += edits * kBytesPerForgetting;
      if (part == core::ReductionPart::kScores) bytes += edits * kBytesPerScores;
      if (part == core::ReductionPart::kTexts) {
        bytes += std::min(edits, config.texts_facts) * kTextsPerFact * config.texts_tokens * kBytesPerTextToken;
      }
      if (part == core::ReductionPart::kMonitor && !config.monitor_text.empty()) {
        bytes += config.monitor_tokens * kBytesPerMonitorToken;
      }
      if (part == core::ReductionPart::kTasks) bytes += kBytesPerTask * static_cast<std::int64_t>(config.tasks.size());
    }
  }
  return bytes;
}

}  // namespace lethe::orchestrator::inline display
