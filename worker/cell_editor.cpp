#include "worker/cell_editor.h"

#include <chrono>

#include "core/random_stream.h"
#include "worker/planning/context_file.h"
#include "worker/prerequisites.h"

namespace lethe::worker {
namespace {

std::map<int, editing::SecondMoment> shared_moments(Workspace& workspace, const std::string& model,
                                                    const std::vector<int>& layers) {
  std::map<int, editing::SecondMoment> moments;
  for (const int layer : layers) {
    moments[layer].factor = workspace.moment_factor(model, layer);
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
    : loaded_(std::move(loaded)), contexts_(std::move(contexts)), start_(workspace.starting_network(cell)) {
  const auto& config = workspace.config().method_of(cell);
  if (editing::uses_contexts(config) && contexts_.templates.empty()) {
    if (const auto file = config->contexts_file()) workspace.confirm_input(*file);
    contexts_ = editing::make_contexts(config, loaded_->unedited, loaded_->tokenizer,
                                       context_seed(workspace.config(), cell), context_file_lines(config));
  }
  auto moments = shared_moments(workspace, cell.model, config->second_moment_layers());
  editing::MethodInputs inputs{start_, loaded_->tokenizer, contexts_, std::move(moments),
                               load_artifacts(workspace, cell, start_)};
  method_ = editing::make_method(config, std::move(inputs));
  history_ = method_->begin();
}

CellEditor::Edited CellEditor::edit(model::Network& network, std::span<const data::EditRequest> requests,
                                    std::int64_t first_edit) {
  const auto start = std::chrono::steady_clock::now();
  Edited edited;
  auto [outcome, increment] = method_->compute_after(history_.get(), network, requests);
  fold(increment);
  edited.remembered = std::move(increment.rows);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    auto& record = edited.records.emplace_back();
    record.edit = first_edit + static_cast<std::int64_t>(i);
    record.case_id = requests[i].case_id;
    auto trace = std::visit([&](const auto& result) { return result.trace_of(i); }, outcome);
    record.losses = std::move(trace.losses);
    record.diagnostics = std::move(trace.diagnostics);
    if (const auto* failure = std::get_if<editing::EditFailure>(&outcome)) record.status = failure->status;
  }
  if (auto* step = std::get_if<editing::EditStep>(&outcome)) {
    editing::apply_updates(network, step->updates);
    edited.updates = std::move(step->updates);
  }
  for (auto& record : edited.records) {
    record.seconds_edit = seconds_since(start) / static_cast<double>(requests.size());
  }
  return edited;
}

void CellEditor::fold(const editing::Increment& increment) {
  if (history_ != nullptr) method_->fold(*history_, increment);
  if (!increment.latest.empty()) latest_ = increment.latest;
}

}  // namespace lethe::worker
