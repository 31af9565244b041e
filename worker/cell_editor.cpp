#include "worker/cell_editor.h"

#include <chrono>
#include <fstream>

#include "core/error.h"
#include "core/random_stream.h"
#include "storage/second_moment_file.h"

namespace lethe::worker {
namespace {

/// Lines of the contexts file a config names; empty where it names none.
std::vector<std::string> context_file_lines(const core::MethodConfig& config) {
  const auto* rome = std::get_if<core::RomeConfig>(&config);
  if (rome == nullptr || !rome->contexts_file) return {};
  std::ifstream in(*rome->contexts_file);
  if (!in) throw core::DataError(rome->contexts_file->string() + ": cannot be read");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::map<int, editing::SecondMoment> read_moments(Workspace& workspace, const std::string& model,
                                                  const std::vector<int>& layers) {
  std::map<int, editing::SecondMoment> moments;
  if (layers.empty()) return moments;
  const auto folder = workspace.folder().moments(model, workspace.facts().model(model).moments_identity);
  const auto files = ledger::committed_files(folder);
  for (const int layer : layers) {
    const auto stem = ledger::moments_stem(layer);
    const auto found = std::find_if(files.begin(), files.end(), [&](const auto& file) { return file.stem == stem; });
    if (found == files.end()) {
      throw core::StorageError(folder.string() + ": second moments of layer " + std::to_string(layer) +
                               " are not there yet; run `lethe stats` or the sweep");
    }
    const auto stored = storage::read_second_moment(*found);
    const auto width = stored.inner_width;
    auto values = torch::empty({width, width}, torch::kFloat64);
    std::copy(stored.values.begin(), stored.values.end(), values.data_ptr<double>());
    moments.emplace(layer, editing::SecondMoment{values, stored.count});
  }
  return moments;
}

/// Contexts are drawn with a seed of the cell's own sample, from the unedited model (design C1).
std::uint64_t context_seed(const core::ExperimentConfig& config, const core::GridCell& cell) {
  return core::RandomStream(config.seed, "cell contexts", static_cast<std::uint64_t>(cell.sample)).next();
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

CellEditor::CellEditor(Workspace& workspace, const core::GridCell& cell, std::shared_ptr<const LoadedModel> loaded,
                       editing::EditContexts contexts)
    : loaded_(std::move(loaded)), contexts_(std::move(contexts)) {
  const auto& config = workspace.config().method_of(cell);
  if (editing::uses_contexts(config) && contexts_.templates.empty()) {
    contexts_ = editing::make_contexts(config, loaded_->unedited, loaded_->tokenizer,
                                       context_seed(workspace.config(), cell), context_file_lines(config));
  }
  auto moments = read_moments(workspace, cell.model, editing::required_moment_layers(config));
  method_ = editing::make_method(config, {loaded_->unedited, loaded_->tokenizer, contexts_, std::move(moments)});
}

CellEditor::Edited CellEditor::edit(model::Network& network, const data::EditRequest& request,
                                    std::int64_t edit) const {
  const auto start = std::chrono::steady_clock::now();
  Edited edited;
  auto& record = edited.record;
  record.edit = edit;
  record.case_id = request.case_id;
  auto outcome = method_->compute(network, std::span(&request, 1));
  if (auto* step = std::get_if<editing::EditStep>(&outcome)) {
    editing::apply_updates(network, step->updates);
    edited.updates = std::move(step->updates);
    record.losses = std::move(step->losses);
    record.diagnostics = std::move(step->diagnostics);
  } else {
    auto& failure = std::get<editing::EditFailure>(outcome);
    record.status = failure.status;
    record.losses = std::move(failure.losses);
    record.diagnostics = std::move(failure.diagnostics);
  }
  record.seconds_edit = seconds_since(start);
  return edited;
}

}  // namespace lethe::worker
