#include "tests/orchestrator/fake_cell.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>

#include "core/config/schedule.h"
#include "core/error.h"
#include "core/fault.h"
#include "storage/mend_editor_file.h"
#include "storage/second_moment_file.h"

namespace lethe::orchestrator::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kOutputs = 4;
constexpr std::int64_t kInputs = 3;
constexpr const char* kParameter = "h.0.weight";

/// Numbers in [-1, 1) that depend on a text alone.
std::vector<float> numbers_of(const std::string& text, std::int64_t count) {
  std::vector<float> numbers;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto hex = core::digest_of(text + " " + std::to_string(i)).hex().substr(0, 6);
    numbers.push_back(static_cast<float>(std::stoul(hex, nullptr, 16)) / 8388608.0F - 1.0F);
  }
  return numbers;
}

void add(const storage::LowRankDelta& delta, std::vector<float>& weights) {
  for (std::size_t o = 0; o < kOutputs; ++o) {
    for (std::size_t i = 0; i < kInputs; ++i) {
      weights[o * kInputs + i] += delta.left.values[o] * delta.right.values[i];
    }
  }
}

core::PromptScore score_of(core::PromptKind kind, float value) {
  core::PromptScore score{kind, std::abs(value), 1.0F, value > 0.0F, value};
  score.tokens_new = {{7, std::abs(value), 7}};
  score.tokens_true = {{8, 1.0F, 9}};
  return score;
}

}  // namespace

storage::Provenance fake_provenance() { return {{"process", std::to_string(::getpid())}}; }

FakeCell::FakeCell(const core::ExperimentConfig& config, const core::CellFacts& facts, fs::path folder)
    : config_(config),
      facts_(facts),
      folder_(std::move(folder)),
      is_dense_(config.method_of(facts.cell)->stores_snapshots()),
      weights_(numbers_of(facts.cell.model, kOutputs * kInputs)) {
  begin_segment();
}

std::map<std::string, core::Digest> FakeCell::fingerprint() const {
  return {{kParameter, core::digest_of(std::as_bytes(std::span(weights_)))}};
}

void FakeCell::begin_segment() {
  segment_ = {};
  segment_.cell = facts_.cell;
  segment_.edit_identity = facts_.edit_identity;
  if (edits_ == 0) segment_.contexts = {"{}"};
  segment_.fingerprint_before = fingerprint();
}

void FakeCell::move_to(std::int64_t edits) {
  const auto files = ledger::scan_cell(folder_);
  weights_ = numbers_of(facts_.cell.model, kOutputs * kInputs);
  edits_ = 0;
  for (const auto& one : files.segments) {
    if (edits_ >= edits) break;
    const auto label = storage::segment_label(facts_.cell, facts_.edit_identity, one.first_edit, one.last_edit);
    const auto segment = storage::read_segment(one.file, label);
    for (const auto& stored : segment.edits) {
      if (edits_ < edits) edits_ = stored.record.edit;
      for (const auto& delta : stored.deltas) {
        if (stored.record.edit <= edits) add(delta, weights_);
      }
    }
    const bool is_whole = edits_ == one.last_edit;
    if (!is_dense_ && is_whole && segment.fingerprint_after != fingerprint()) {
      throw core::MismatchError(one.file.path.string() + ": the rebuilt weights are not those of its fingerprint");
    }
  }
  if (is_dense_ && edits > 0) {
    const auto found = std::ranges::find(files.snapshots, edits, &ledger::SnapshotFile::edit);
    if (found == files.snapshots.end()) {
      throw core::StorageError(folder_.string() + ": the snapshot after edit " + std::to_string(edits) + " is missing");
    }
    const auto label = storage::snapshot_label(facts_.cell, facts_.edit_identity, edits);
    weights_ = storage::read_snapshot(found->file, label).parameters.at(kParameter).values;
  }
  if (edits_ != edits) throw core::DataError("the segments are not there");
  begin_segment();
}

void FakeCell::edit() {
  ++edits_;
  const auto text = facts_.cell.name() + " " + std::to_string(edits_) + " " + fingerprint().at(kParameter).hex();
  storage::LowRankDelta delta{kParameter,
                              {{kOutputs, 1}, numbers_of("left " + text, kOutputs)},
                              {{kInputs, 1}, numbers_of("right " + text, kInputs)}};
  add(delta, weights_);
  storage::StoredEdit stored;
  stored.record.edit = edits_;
  stored.record.case_id = 1000 + edits_;
  stored.record.losses = {weights_[0], weights_[1]};
  stored.record.diagnostics["delta_norm"] = weights_[2];
  stored.record.scores = {score_of(core::PromptKind::kRewrite, weights_[3])};
  if (!is_dense_) stored.deltas.push_back(std::move(delta));
  segment_.edits.push_back(std::move(stored));
}

ledger::CommittedFile FakeCell::commit() {
  core::fault_point("edit.commit");
  segment_.fingerprint_after = fingerprint();
  segment_.provenance = fake_provenance();
  if (is_dense_) {
    commit_snapshot();
    core::fault_point("edit.snapshot");
  }
  const auto stem = ledger::segment_stem(segment_.edits.front().record.edit, edits_);
  auto file = ledger::commit_file(folder_, stem, [&](const auto& path) { storage::write_segment(path, segment_); });
  core::fault_point("edit.committed");
  begin_segment();
  prune_snapshots();
  return file;
}

void FakeCell::commit_snapshot() {
  const auto stem = ledger::snapshot_stem(edits_);
  for (const auto& file : ledger::committed_files(folder_)) {
    if (file.stem == stem) fs::remove(file.path);  // of a run that ended before its segment
  }
  storage::SnapshotContents snapshot{facts_.cell, facts_.edit_identity, edits_, {}, fake_provenance()};
  snapshot.parameters[kParameter] = {{kOutputs, kInputs}, weights_};
  ledger::commit_file(folder_, stem, [&](const auto& path) { storage::write_snapshot(path, snapshot); });
}

void FakeCell::prune_snapshots() const {
  if (config_.keep_snapshots != "newest") return;
  const auto files = ledger::scan_cell(folder_);
  for (const auto& snapshot : files.snapshots) {
    const auto parts = core::parts_due(config_, facts_.cell, snapshot.edit);
    const bool is_reduced = std::ranges::all_of(parts, [&](core::ReductionPart part) {
      return files.has_reduction(part, snapshot.edit, facts_.reduction_identities.at(part));
    });
    if (snapshot.edit >= files.num_edits() || !is_reduced) continue;
    core::fault_point("edit.prune");
    fs::remove(snapshot.file.path);
  }
}

storage::ReductionContents FakeCell::reduction(core::ReductionPart part) const {
  storage::ReductionContents contents;
  contents.cell = facts_.cell;
  contents.edit_identity = facts_.edit_identity;
  contents.reduction_identity = facts_.reduction_identities.at(part);
  contents.edits = edits_;
  contents.part = part;
  contents.provenance = fake_provenance();
  if (part == core::ReductionPart::kDistance) contents.distances = {{kParameter, weights_[0], kOutputs * kInputs}};
  if (part == core::ReductionPart::kTasks) contents.tasks = {{"sentiment", {1}, {weights_[0] > 0 ? 1 : 0}, {{3, 4}}}};
  if (part == core::ReductionPart::kMonitor) {
    contents.monitor = {{{kParameter, std::abs(weights_[0]), 1.0, 2.0, 1.5}}, {{10, 20.0 + weights_[1], 20.0}}};
  }
  for (std::int64_t n = 1; n <= edits_; ++n) {
    const auto value = weights_[static_cast<std::size_t>(n) % weights_.size()];
    const auto score = score_of(core::PromptKind::kRewrite, value);
    if (part == core::ReductionPart::kForgetting) contents.forgetting.push_back({n, 1000 + n, score});
    if (part == core::ReductionPart::kTexts && n == 1) {
      const core::WrittenTexts texts{{{1, 2}, " a b"}, {{2, 1}, " b a"}, 2.0F};
      contents.texts.push_back({n, 1000 + n, "It is", texts, texts});
    }
    if (part == core::ReductionPart::kScores) contents.scores.push_back({n, 1000 + n, {score}, {score}});
  }
  return contents;
}

namespace {

double sum_of_slices(const core::PrerequisiteFacts& facts, const fs::path& slices) {
  const auto files = ledger::committed_moment_slices(slices);
  if (facts.num_slices > 1 && std::ssize(files) != facts.num_slices) {
    throw core::StorageError(slices.string() + ": not all partial sums are there");
  }
  double sum = 0.25;
  for (const auto& file : files) {
    const auto label = storage::moment_sum_label(facts.model, facts.identity(), 0, file.slice);
    sum += storage::read_moment_sum(file.file, label).values.front();
  }
  return sum;
}

}  // namespace

void write_prerequisite(const fs::path& temporary, const core::PrerequisiteFacts& facts,
                        const core::ExperimentConfig& config, std::optional<std::int64_t> slice,
                        const fs::path& slices) {
  if (facts.kind == "moments" && slice) {
    const storage::MomentSumContents sum{facts.model, facts.identity(), 0, *slice, 1, 1, 5, 2, 0,
                                         {},          fake_provenance()};
    return storage::write_moment_sum(temporary, sum, std::vector<double>{1.0 / static_cast<double>(*slice + 1)});
  }
  if (facts.kind == "moments") {
    const std::vector<double> values{sum_of_slices(facts, slices)};
    return storage::write_second_moment(temporary,
                                        {facts.model, facts.identity(), 0, 1, 5, 2, values, fake_provenance()});
  }
  if (facts.kind == "editor") {
    storage::MendEditorContents editor;
    editor.model = facts.model;
    editor.identity = facts.identity();
    editor.provenance = fake_provenance();
    return storage::write_mend_editor(temporary, editor);
  }
  storage::ReductionContents baseline;
  baseline.cell = {"", facts.model, -1};
  baseline.reduction_identity = facts.identity();
  baseline.part = core::ReductionPart::kTasks;
  for (const auto& task : config.tasks) baseline.tasks.push_back({task.name, {1}, {0}, {{3}}});
  baseline.provenance = fake_provenance();
  storage::write_reduction(temporary, baseline);
}

}  // namespace lethe::orchestrator::testing
