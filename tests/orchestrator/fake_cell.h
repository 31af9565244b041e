#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"
#include "ledger/sweep_folder.h"
#include "storage/reduction.h"
#include "storage/segment.h"

namespace lethe::orchestrator::testing {

/// A cell whose model is a matrix of twelve numbers: every edit depends on all before it, so that one that is lost,
/// made twice or made on other weights changes all that follow. Files are those of an executor, read back as one does.
class FakeCell {
 public:
  FakeCell(const core::ExperimentConfig& config, const core::CellFacts& facts, std::filesystem::path folder);

  [[nodiscard]] std::int64_t edits() const { return edits_; }
  [[nodiscard]] bool is_dense() const { return is_dense_; }
  /// Rebuilds the model after `edits` edits from the cell's files; throws `core::MismatchError` where fingerprints
  /// differ.
  void move_to(std::int64_t edits);
  /// Makes the next edit, and keeps it for the segment.
  void edit();
  /// Edits that no segment holds yet.
  [[nodiscard]] bool has_uncommitted() const { return !segment_.edits.empty(); }
  /// Commits snapshot (of a dense method) and segment, and prunes. Returns the segment.
  ledger::CommittedFile commit();
  [[nodiscard]] storage::ReductionContents reduction(core::ReductionPart part) const;
  /// Removes snapshots that nothing needs any more, if the config keeps the newest alone.
  void prune_snapshots() const;

 private:
  const core::ExperimentConfig& config_;
  const core::CellFacts& facts_;
  std::filesystem::path folder_;
  bool is_dense_;
  std::int64_t edits_ = 0;
  std::vector<float> weights_;
  storage::SegmentContents segment_;

  [[nodiscard]] std::map<std::string, core::Digest> fingerprint() const;
  void begin_segment();
  void commit_snapshot();
};

/// What an executor's files say of their maker; another in every process, as real ones do.
storage::Provenance fake_provenance();

/// Writes the file of a prerequisite, whole or the part of a slice; second moments are the sum of their slices in
/// `slices`.
void write_prerequisite(const std::filesystem::path& temporary, const core::PrerequisiteFacts& facts,
                        const core::ExperimentConfig& config, std::optional<std::int64_t> slice,
                        const std::filesystem::path& slices);

}  // namespace lethe::orchestrator::testing
