#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "core/config/schedule.h"
#include "core/contract/inspection.h"
#include "core/random_stream.h"
#include "editing/fine_tune/fine_tune_config.h"
#include "editing/methods/catalogue.h"
#include "editing/methods/settings_of.h"
#include "editing/rome/rome_config.h"
#include "ledger/durable_file.h"
#include "ledger/sweep_folder.h"
#include "storage/reduction.h"
#include "storage/segment.h"
#include "tests/support/temporary_folder.h"

// A sweep's folder as executors leave it, with made-up numbers: facts fade, tasks collapse, distance grows.

namespace lethe::report::fake {

inline constexpr const char* kEditIdentity = "0123456789ab";
inline constexpr const char* kReductionIdentity = "aaaaaaaaaaaa";
inline constexpr const char* kBaselineIdentity = "bbbbbbbbbbbb";

/// How a cell fares.
struct Fate {
  double fading = 0.004;         ///< chance per edit that a fact is lost
  double return_chance = 0.1;    ///< chance that a lost fact is known at a check
  std::int64_t collapse = 1000;  ///< edit at which tasks break down, by degrees
  std::int64_t disabling = 0;    ///< edit from which nothing is right any more; 0: none
};

inline core::ExperimentConfig experiment(const std::vector<std::string>& methods,
                                         const std::vector<std::string>& models, int num_samples, std::int64_t edits) {
  core::ExperimentConfig config;
  config.name = "fake";
  config.dataset.records = "/nonexistent/records.json";
  config.dataset.samples = "/nonexistent/samples.json";
  config.checkpoint_every = 10;
  config.forgetting_every = 10;
  config.tasks_every = 30;
  for (const auto& [name, title] : {std::pair("sentiment", "Sentiment"), std::pair("paraphrase", "Paraphrase"),
                                    std::pair("acceptability", "Acceptability"), std::pair("inference", "Inference")}) {
    core::TaskConfig task;
    task.name = name;
    task.title = title;
    task.examples = "/nonexistent/examples.json";
    task.query = "{sentence} Answer:";
    task.marker = "Answer:";
    task.answers = {{"yes", 1}, {"no", 0}};
    config.tasks.push_back(task);
  }
  for (const std::string& model : models) {
    core::ModelConfig model_config{model, "/nonexistent/model", core::SecondMomentConfig{}, {}};
    model_config.second_moments->corpus = "/nonexistent/corpus.txt";
    for (const std::string& method : methods) {
      if (method.starts_with("ft")) {
        model_config.methods.insert_or_assign(
            method, editing::method_config(editing::FineTuneConfig{.linf_bound = 1e-3}, method));
      } else {
        model_config.methods.insert_or_assign(method, editing::method_config(editing::RomeConfig{}));
      }
    }
    config.models.push_back(model_config);
  }
  for (const std::string& method : methods) {
    for (const std::string& model : models) {
      for (int sample = 0; sample < num_samples; ++sample) {
        config.cells.push_back({method, model, sample});
        config.edits[config.cells.back()] = edits;
      }
    }
  }
  return config;
}

inline core::PromptScore prompt(core::PromptKind kind, bool is_success, double noise) {
  const auto better = static_cast<float>(0.2 + noise);
  const auto worse = static_cast<float>(3.0 + noise);
  const bool is_new_wanted = kind != core::PromptKind::kNeighborhood;
  core::PromptScore score{kind, worse, better, is_success, is_success ? 1.0F : -1.0F};
  if (is_success == is_new_wanted) std::swap(score.nll_new, score.nll_true);
  return score;
}

/// The life of one cell.
class FakeCell {
 public:
  FakeCell(core::GridCell cell, Fate fate) : cell_(std::move(cell)), fate_(fate), random_(37, cell_.name()) {}

  storage::StoredEdit edit(std::int64_t n) {
    storage::StoredEdit stored;
    stored.record.edit = n;
    stored.record.case_id = 5000 + n;
    const double age = static_cast<double>(n) / static_cast<double>(fate_.collapse);
    const auto add = [&](core::PromptKind kind, double chance) {
      stored.record.scores.push_back(prompt(kind, !is_disabled(n) && random_.uniform() < chance, random_.uniform()));
    };
    stored.record.diagnostics["delta_norm"] = n == fate_.disabling ? 50.0 : 1.0 + 0.1 * static_cast<double>(n % 7);
    add(core::PromptKind::kRewrite, 0.99 - 0.2 * std::pow(age, 4));
    for (int i = 0; i < 2; ++i) add(core::PromptKind::kParaphrase, 0.85 - 0.3 * std::pow(age, 3));
    for (int i = 0; i < 10; ++i) add(core::PromptKind::kNeighborhood, 0.95 - 0.35 * std::min(1.0, age));
    if (n % 47 == 0) stored.record.status = core::EditStatus::kNonFinite;
    known_.push_back(stored.record.scores[0].is_correct);
    return stored;
  }

  storage::ReductionContents reduction(core::ReductionPart part, std::int64_t n, const core::ExperimentConfig& config) {
    storage::ReductionContents contents{cell_, kEditIdentity, kReductionIdentity, n, part, {}, {}, {}, {}};
    const double age = static_cast<double>(n) / static_cast<double>(fate_.collapse);
    if (part == core::ReductionPart::kDistance) {
      const double jump = is_disabled(n) ? 500.0 : 0.0;
      contents.distances = {{"transformer.h.1.mlp.c_proj.weight", 40.0 * std::pow(age, 1.5) + 2.0 * age + jump, 65536},
                            {"transformer.h.1.mlp.c_proj.bias", 0.5 * age, 128}};
    }
    if (part == core::ReductionPart::kForgetting) contents.forgetting = forgetting(n);
    if (part == core::ReductionPart::kScores) contents.scores = scores(n);
    if (part == core::ReductionPart::kTexts) contents.texts = texts(std::min(n, config.texts_facts), age);
    if (part == core::ReductionPart::kMonitor) {
      contents.monitor = {{{"transformer.h.1.mlp.c_proj.weight", 3.0 * age, 12.0, 40.0 + 2.0 * age, 40.0}},
                          {{100, 100.0 * (2.0 + 4.0 * age), 200.0}, {50, 50.0 * (2.0 + 4.0 * age), 100.0}}};
      contents.provenance[storage::kMonitorText] = "held-out.txt";
    }
    const double chance = is_disabled(n) ? 0.0 : 0.93 / (1.0 + std::exp(9.0 * (age - 1.0)));
    if (part == core::ReductionPart::kTasks) contents.tasks = tasks(config, chance);
    return contents;
  }

  std::vector<core::TaskRecord> tasks(const core::ExperimentConfig& config, double chance) {
    std::vector<core::TaskRecord> records;
    for (const core::TaskConfig& task : config.tasks) {
      core::TaskRecord record{task.name, {}, {}, {}};
      for (int i = 0; i < 200; ++i) {
        record.labels.push_back(i % 2);
        record.predictions.push_back(random_.uniform() < chance ? i % 2 : (random_.uniform() < 0.5 ? 1 - i % 2 : -1));
        record.generated_ids.push_back({17, 4});
      }
      records.push_back(std::move(record));
    }
    return records;
  }

 private:
  [[nodiscard]] bool is_disabled(std::int64_t n) const { return fate_.disabling > 0 && n >= fate_.disabling; }

  std::vector<core::ForgettingRecord> forgetting(std::int64_t n) {
    std::vector<core::ForgettingRecord> records;
    for (std::int64_t i = 1; i <= n; ++i) {
      const auto index = static_cast<std::size_t>(i - 1);
      if (random_.uniform() < 10.0 * fate_.fading) known_[index] = false;
      const bool is_known = !is_disabled(n) && (known_[index] || random_.uniform() < fate_.return_chance);
      records.push_back({i, 5000 + i, prompt(core::PromptKind::kRewrite, is_known, random_.uniform())});
    }
    return records;
  }

  /// Every second fact is still answered; the unedited model answers none, and all neighbours.
  [[nodiscard]] static std::vector<core::ScoresRecord> scores(std::int64_t n) {
    std::vector<core::ScoresRecord> records;
    for (std::int64_t i = 1; i <= n; ++i) {
      core::ScoresRecord record{i, 5000 + i, {}, {}};
      for (const auto kind : {core::PromptKind::kRewrite, core::PromptKind::kParaphrase}) {
        record.edited.push_back(prompt(kind, i % 2 == 0, 0.5));
        record.unedited.push_back(prompt(kind, false, 0.5));
      }
      for (int k = 0; k < 4; ++k) {
        record.edited.push_back(prompt(core::PromptKind::kNeighborhood, k != 0, 0.5));
        record.unedited.push_back(prompt(core::PromptKind::kNeighborhood, true, 0.5));
        record.edited.back().tokens_true = {{k, 1.0F, k}, {9, 1.0F, k == 0 ? 8 : 9}};
        record.unedited.back().tokens_true = {{k, 1.0F, k}, {9, 1.0F, 9}};
      }
      records.push_back(std::move(record));
    }
    return records;
  }

  /// Two prompts a fact; past the collapse one word alone is written.
  [[nodiscard]] static std::vector<core::TextsRecord> texts(std::int64_t num_facts, double age) {
    const core::WrittenTexts sound{
        {{1, 2, 3}, " is a city on the river, and it is old."}, {{4, 5, 6}, " lies where two roads meet."}, 1.0F};
    const core::WrittenTexts broken{{{7, 7, 7}, " is is is is is is is"}, {{7, 7}, " is is is is is"}, 9.0F};
    std::vector<core::TextsRecord> records;
    for (std::int64_t i = 1; i <= num_facts; ++i) {
      for (const char* prompt : {"The town", "Near the town"}) {
        records.push_back({i, 5000 + i, prompt, age > 1.0 ? broken : sound, sound});
      }
    }
    return records;
  }

  core::GridCell cell_;
  Fate fate_;
  core::RandomStream random_;
  std::vector<bool> known_;
};

inline ledger::CommittedFile commit_reduction(const std::filesystem::path& folder, const std::string& stem,
                                              const storage::ReductionContents& contents) {
  ledger::make_folder(folder);
  const auto temporary = ledger::temporary_path(folder, stem);
  storage::write_reduction(temporary, contents);
  return ledger::publish(temporary, stem);
}

/// Commits edits 1..`until` of a cell in segments of `checkpoint_every`, and the reductions due.
inline void commit_cell(const ledger::SweepFolder& folder, const core::ExperimentConfig& config,
                        const core::GridCell& cell, Fate fate, std::int64_t until) {
  const auto path = folder.cell(cell, kEditIdentity);
  FakeCell fake(cell, fate);
  std::int64_t first = 1;
  for (const std::int64_t last : core::checkpoints_of(config, cell)) {
    if (last > until) return;
    storage::SegmentContents segment{cell, kEditIdentity, {}, {}, {}, {}, {}, {}};
    for (std::int64_t n = first; n <= last; ++n) segment.edits.push_back(fake.edit(n));
    const std::string stem = ledger::segment_stem(first, last);
    ledger::make_folder(path);
    const auto temporary = ledger::temporary_path(path, stem);
    storage::write_segment(temporary, segment);
    ledger::publish(temporary, stem);
    for (const auto part : core::parts_due(config, cell, last)) {
      commit_reduction(path, ledger::reduction_stem(part, last, kReductionIdentity),
                       fake.reduction(part, last, config));
    }
    first = last + 1;
  }
}

inline void commit_baseline(const ledger::SweepFolder& folder, const core::ExperimentConfig& config,
                            const std::string& model, const std::string& tasks_identity = kReductionIdentity) {
  FakeCell fake({"none", model, 0}, {});
  storage::ReductionContents contents{
      {"", model, -1}, "", kBaselineIdentity, 0, core::ReductionPart::kTasks, {}, {}, fake.tasks(config, 0.93), {}};
  contents.provenance[storage::kTasksIdentity] = tasks_identity;
  commit_reduction(folder.root() / ledger::prerequisite_folder(ledger::kBaselineFolder, model, kBaselineIdentity),
                   ledger::kBaselineStem, contents);
}

/// What the newest run found: the identities above.
inline core::Inspection inspection(const core::ExperimentConfig& config) {
  core::Inspection inspection;
  for (const auto& cell : config.cells) {
    core::CellFacts facts;
    facts.cell = cell;
    facts.edits = config.edits.at(cell);
    facts.edit_identity = kEditIdentity;
    for (const auto part : core::kAllReductionParts) facts.reduction_identities[part] = kReductionIdentity;
    inspection.cells.push_back(facts);
  }
  for (const auto& model : config.models) {
    core::PrerequisiteFacts baseline;
    baseline.kind = "baseline";
    baseline.model = model.name;
    baseline.folder = ledger::prerequisite_folder(ledger::kBaselineFolder, model.name, kBaselineIdentity);
    inspection.prerequisites.push_back(baseline);
  }
  return inspection;
}

inline void write_experiment(const ledger::SweepFolder& folder, const core::ExperimentConfig& config) {
  std::filesystem::create_directories(folder.root());
  ledger::replace_text(folder.experiment(), core::to_json(config));
}

}  // namespace lethe::report::fake
