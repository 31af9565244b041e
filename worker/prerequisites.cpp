#include "worker/prerequisites.h"

#include <algorithm>
#include <chrono>

#include "core/error.h"
#include "data/counterfact.h"
#include "editing/second_moments.h"
#include "storage/reduction.h"
#include "storage/second_moment_file.h"
#include "worker/import_moments.h"
#include "worker/provenance.h"

namespace lethe::worker {
namespace {

std::vector<int> missing_layers(const core::ModelFacts& facts, const std::filesystem::path& folder) {
  const auto there = ledger::committed_moment_layers(folder);
  std::vector<int> missing;
  for (const int layer : facts.moments_layers) {
    if (std::find(there.begin(), there.end(), layer) == there.end()) missing.push_back(layer);
  }
  return missing;
}

struct CorpusPass {
  std::map<int, editing::SecondMoment> moments;
  std::int64_t num_documents = 0;
  bool is_complete = true;
};

CorpusPass read_corpus_once(const LoadedModel& loaded, const core::SecondMomentConfig& config,
                            const std::vector<int>& layers, TaskMonitor& monitor) {
  const torch::NoGradGuard no_grad;
  const auto documents = data::read_corpus(config.corpus, config.max_documents);
  const auto batches = editing::pack_documents(documents, loaded.tokenizer,
                                               loaded.unedited.architecture().max_positions, config.batch_tokens);
  editing::SecondMomentAccumulator accumulator(loaded.unedited, layers);
  CorpusPass pass;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (monitor.should_stop()) {
      pass.is_complete = false;
      return pass;
    }
    if (config.max_tokens > 0 && accumulator.count() >= config.max_tokens) break;
    const auto start = std::chrono::steady_clock::now();
    accumulator.add(model::pad_rows(batches[i], loaded.unedited.device()));
    pass.num_documents += static_cast<std::int64_t>(batches[i].size());
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    monitor.progress("moments", static_cast<std::int64_t>(i) + 1, static_cast<std::int64_t>(batches.size()),
                     seconds.count());
  }
  pass.moments = accumulator.finish();
  return pass;
}

}  // namespace

bool run_moments(Workspace& workspace, const core::MomentsTask& task, TaskMonitor& monitor) {
  const auto& facts = workspace.facts().model(task.model);
  const auto folder = workspace.folder().moments(task.model, facts.moments_identity);
  ledger::remove_stale_temporaries(folder);
  const auto layers = missing_layers(facts, folder);
  if (layers.empty()) return true;
  const auto& config = workspace.config().model(task.model).second_moments;
  if (!config) throw core::ConfigError("model " + task.model + " needs second_moments: {corpus: ...} for its cells");

  if (config->is_published()) return import_moments(workspace, facts, layers, monitor);
  const auto loaded = workspace.model(task.model);
  const auto pass = read_corpus_once(*loaded, *config, layers, monitor);
  if (!pass.is_complete) return false;
  for (const auto& [layer, moment] : pass.moments) {
    storage::SecondMomentContents contents;
    contents.model = task.model;
    contents.identity = facts.moments_identity;
    contents.layer = layer;
    contents.inner_width = moment.moment_FF.size(0);
    contents.count = moment.count;
    contents.num_documents = pass.num_documents;
    const auto values = moment.moment_FF.to(torch::kCPU, torch::kFloat64).contiguous();
    contents.values.assign(values.data_ptr<double>(), values.data_ptr<double>() + values.numel());
    contents.provenance = provenance(workspace);
    const auto stem = ledger::moments_stem(layer);
    const auto temporary = ledger::temporary_path(folder, stem);
    storage::write_second_moment(temporary, contents);
    monitor.committed(ledger::publish(temporary, stem).path, 0);
  }
  return true;
}

void run_baseline(Workspace& workspace, const core::BaselineTask& task, TaskMonitor& monitor) {
  const auto& facts = workspace.facts().model(task.model);
  const auto folder = workspace.folder().baseline(task.model, facts.baseline_identity);
  ledger::remove_stale_temporaries(folder);
  if (!ledger::committed_files(folder).empty()) return;
  const auto loaded = workspace.model(task.model);
  storage::ReductionContents contents;
  contents.cell = {"", task.model, -1};
  contents.reduction_identity = facts.baseline_identity;
  contents.part = core::ReductionPart::kTasks;
  const auto total = static_cast<std::int64_t>(loaded->tasks.size());
  for (const auto& prepared : loaded->tasks) {
    contents.tasks.push_back(metrics::evaluate_task(loaded->unedited, loaded->tokenizer, prepared));
    monitor.progress("baseline", static_cast<std::int64_t>(contents.tasks.size()), total, 0.0);
  }
  contents.provenance = provenance(workspace);
  const auto temporary = ledger::temporary_path(folder, ledger::kBaselineStem);
  storage::write_reduction(temporary, contents);
  monitor.committed(ledger::publish(temporary, ledger::kBaselineStem).path, 0);
}

}  // namespace lethe::worker
