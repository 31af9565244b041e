// Fills a sweep's folder with all that a config asks for, made up: `lethe_made_up_sweep CONFIG.yaml FOLDER SEGMENT
// PROMPTS`. Segments hold SEGMENT edits, each with PROMPTS scored prompts; files are those of storage/, under the
// identities that the tests' fake_executor finds for the config, so that `LETHE_EXECUTOR=fake_executor lethe sweep`
// takes the folder for its own. Curves fall, at first slowly and behind three quarters of the edits at once, so that a
// report has all its parts.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>

#include "core/config/experiment_config.h"
#include "core/config/schedule.h"
#include "core/random_stream.h"
#include "editing/methods/catalogue.h"
#include "ledger/commit.h"
#include "ledger/durable_file.h"
#include "ledger/sweep_folder.h"
#include "storage/reduction.h"
#include "storage/segment.h"
#include "tests/orchestrator/small_experiment.h"

// Made-up files need not outlive a loss of power; with every file made durable a million of them would take hours.
extern "C" int fsync(int) { return 0; }

namespace {

using namespace lethe;
namespace fs = std::filesystem;

constexpr const char* kParameter = "h.0.weight";
constexpr std::int64_t kExamples = 200;

struct Shape {
  std::int64_t edits_of_segment = 1;
  int num_prompts = 1;
};

class MadeUpCell {
 public:
  MadeUpCell(const core::ExperimentConfig& config, const core::CellFacts& facts, fs::path folder, Shape shape)
      : config_(config), facts_(facts), folder_(std::move(folder)), shape_(shape), random_(11, facts.cell.name()) {}

  void make() {
    ledger::make_folder(folder_);
    for (std::int64_t first = 1; first <= facts_.edits; first += shape_.edits_of_segment) {
      commit_segment(first, std::min(facts_.edits, first + shape_.edits_of_segment - 1));
    }
    for (const auto edits : core::checkpoints_of(config_, facts_.cell)) {
      for (const auto part : core::parts_due(config_, facts_.cell, edits)) commit_reduction(edits, part);
    }
  }

 private:
  const core::ExperimentConfig& config_;
  const core::CellFacts& facts_;
  fs::path folder_;
  Shape shape_;
  core::RandomStream random_;

  double chance() { return static_cast<double>(random_.next() % 1'000'000) / 1e6; }
  /// How much of the model is left after so many edits, from 1 down to 0.
  [[nodiscard]] double health(std::int64_t edits) const {
    const double share = static_cast<double>(edits) / static_cast<double>(facts_.edits);
    return share < 0.75 ? 1.0 - 0.2 * share : 0.2;
  }

  core::PromptScore prompt(core::PromptKind kind, double chance_of_success) {
    const bool is_good = chance() < chance_of_success;
    const bool wants_new = kind != core::PromptKind::kNeighborhood;
    const auto good = static_cast<float>(0.1 + chance());
    const auto bad = static_cast<float>(3.0 + chance());
    core::PromptScore score{kind, is_good == wants_new ? good : bad, is_good == wants_new ? bad : good, is_good,
                            is_good ? good : -good};
    score.tokens_new = {{7, score.nll_new, is_good && wants_new ? 7 : 8}};
    score.tokens_true = {{8, score.nll_true, is_good && !wants_new ? 8 : 7}};
    return score;
  }

  core::PromptKind kind_of(int prompt) const {
    return prompt == 0  ? core::PromptKind::kRewrite
           : prompt < 3 ? core::PromptKind::kParaphrase
                        : core::PromptKind::kNeighborhood;
  }

  void commit_segment(std::int64_t first, std::int64_t last) {
    storage::SegmentContents segment;
    segment.cell = facts_.cell;
    segment.edit_identity = facts_.edit_identity;
    if (first == 1) segment.contexts = {"{}"};
    for (std::int64_t n = first; n <= last; ++n) {
      storage::StoredEdit stored;
      stored.record.edit = n;
      stored.record.case_id = 1000 + n;
      stored.record.losses = {4.0F, 1.0F, 0.1F};
      stored.record.diagnostics["delta_norm"] = n == facts_.edits * 3 / 4 ? 30.0 : 1.0 + chance();
      for (int i = 0; i < shape_.num_prompts; ++i) {
        stored.record.scores.push_back(prompt(kind_of(i), i == 0 ? 0.99 : 0.9 * health(n)));
      }
      stored.deltas.push_back({kParameter, {{4, 1}, {1.0F, 2.0F, 3.0F, 4.0F}}, {{3, 1}, {1.0F, 2.0F, 3.0F}}});
      segment.edits.push_back(std::move(stored));
    }
    segment.fingerprint_before = segment.fingerprint_after = {{kParameter, core::digest_of(std::string_view("x"))}};
    segment.provenance = {{"process", "made up"}};
    ledger::commit_file(folder_, ledger::segment_stem(first, last),
                        [&](const auto& path) { storage::write_segment(path, segment); });
  }

  void commit_reduction(std::int64_t edits, core::ReductionPart part);
};

std::vector<core::TaskRecord> answers(const core::ExperimentConfig& config, double health, core::RandomStream& random) {
  std::vector<core::TaskRecord> records;
  for (const auto& task : config.tasks) {
    core::TaskRecord record;
    record.task = task.name;
    for (std::int64_t i = 0; i < kExamples; ++i) {
      const auto label = static_cast<std::int32_t>(i % 2);
      const bool is_right = static_cast<double>(random.next() % 1000) < 1000.0 * (0.25 + 0.6 * health);
      record.labels.push_back(label);
      record.predictions.push_back(is_right ? label : 1 - label);
      record.generated_ids.push_back({3, 4});
    }
    records.push_back(std::move(record));
  }
  return records;
}

void MadeUpCell::commit_reduction(std::int64_t edits, core::ReductionPart part) {
  storage::ReductionContents contents;
  contents.cell = facts_.cell;
  contents.edit_identity = facts_.edit_identity;
  contents.reduction_identity = facts_.reduction_identities.at(part);
  contents.edits = edits;
  contents.part = part;
  contents.provenance = {{"process", "made up"}};
  const double left = health(edits);
  if (part == core::ReductionPart::kDistance) {
    contents.distances = {{kParameter, std::sqrt(static_cast<double>(edits)) / left, 12}};
  }
  if (part == core::ReductionPart::kTasks) contents.tasks = answers(config_, left, random_);
  for (std::int64_t n = 1; n <= edits; ++n) {
    if (part == core::ReductionPart::kForgetting) {
      contents.forgetting.push_back({n, 1000 + n, prompt(core::PromptKind::kRewrite, left)});
    }
    if (part != core::ReductionPart::kScores) continue;
    core::ScoresRecord record{n, 1000 + n, {}, {}};
    for (int i = 0; i < shape_.num_prompts; ++i) {
      record.edited.push_back(prompt(kind_of(i), left));
      record.unedited.push_back(prompt(kind_of(i), 0.5));
    }
    contents.scores.push_back(std::move(record));
  }
  ledger::commit_file(folder_, ledger::reduction_stem(part, edits, contents.reduction_identity),
                      [&](const auto& path) { storage::write_reduction(path, contents); });
}

void make_baseline(const core::ExperimentConfig& config, const core::PrerequisiteFacts& facts, const fs::path& root) {
  core::RandomStream random(13, facts.model);
  storage::ReductionContents baseline;
  baseline.cell = {"", facts.model, -1};
  baseline.reduction_identity = facts.identity();
  baseline.part = core::ReductionPart::kTasks;
  baseline.tasks = answers(config, 1.0, random);
  baseline.provenance = {{"process", "made up"}};
  ledger::make_folder(root / facts.folder);
  ledger::commit_file(root / facts.folder, ledger::kBaselineStem,
                      [&](const auto& path) { storage::write_reduction(path, baseline); });
}

void make_sweep(const fs::path& yaml, const fs::path& root, Shape shape) {
  const auto config = core::load_experiment_config(yaml, editing::catalogue());
  const auto inspection = orchestrator::testing::make_inspection(config);
  const ledger::SweepFolder folder(fs::absolute(root));
  ledger::make_folder(folder.root());
  ledger::replace_text(folder.experiment(), core::to_json(config));
  ledger::replace_text(folder.inspection(), core::to_json(inspection));
  ledger::replace_text(folder.state(), "INCOMPLETE\n");
  for (const auto& facts : inspection.prerequisites) {
    if (facts.kind == "baseline") make_baseline(config, facts, folder.root());
  }
  for (const auto& facts : inspection.cells) {
    MadeUpCell(config, facts, folder.cell(facts.cell, facts.edit_identity), shape).make();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: %s CONFIG.yaml FOLDER EDITS_OF_A_SEGMENT PROMPTS_OF_AN_EDIT\n", argv[0]);
    return 2;
  }
  try {
    make_sweep(argv[1], argv[2], {std::stoll(argv[3]), std::stoi(argv[4])});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
