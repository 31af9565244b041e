#include "core/config/schedule.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"

namespace lethe::core::inline config {
namespace {

std::int64_t edits_of(const ExperimentConfig& config, const GridCell& cell) {
  const auto found = config.edits.find(cell);
  if (found == config.edits.end()) throw ConfigError(cell.name() + ": is not a cell of this experiment's grid");
  return found->second;
}

/// Without tasks their interval makes no checkpoints.
bool is_tasks_point(const ExperimentConfig& config, std::int64_t num_edits, std::int64_t last) {
  return !config.tasks.empty() && (num_edits == last || num_edits % config.tasks_every == 0);
}

/// `every`: nullopt after the last edit alone, 0 never.
bool is_optional_point(const std::optional<int>& every, std::int64_t num_edits, std::int64_t last) {
  if (every == 0) return false;
  return num_edits == last || (every && num_edits % *every == 0);
}

bool is_checkpoint(const ExperimentConfig& config, std::int64_t num_edits, std::int64_t last) {
  return num_edits == last || num_edits % config.checkpoint_every == 0 || num_edits % config.forgetting_every == 0 ||
         is_tasks_point(config, num_edits, last) || is_optional_point(config.scores_every, num_edits, last) ||
         is_optional_point(config.texts_every, num_edits, last) ||
         is_optional_point(config.monitor_every, num_edits, last);
}

}  // namespace

std::int64_t last_edit_of(const ExperimentConfig& config, const GridCell& cell,
                          std::optional<std::int64_t> collapsed_at) {
  if (!config.stop_at_collapse || !collapsed_at) return edits_of(config, cell);
  return step_end(config, cell, std::max<std::int64_t>(0, *collapsed_at + *config.stop_at_collapse - 1));
}

std::vector<std::int64_t> checkpoints_of(const ExperimentConfig& config, const GridCell& cell,
                                         std::optional<std::int64_t> collapsed_at) {
  const auto last = last_edit_of(config, cell, collapsed_at);
  std::vector<std::int64_t> checkpoints;
  for (std::int64_t n = 1; n <= last; ++n) {
    if (is_checkpoint(config, n, last)) checkpoints.push_back(n);
  }
  return checkpoints;
}

std::vector<ReductionPart> parts_due(const ExperimentConfig& config, const GridCell& cell, std::int64_t num_edits,
                                     std::optional<std::int64_t> collapsed_at) {
  const auto last = last_edit_of(config, cell, collapsed_at);
  if (num_edits < 1 || num_edits > last || !is_checkpoint(config, num_edits, last)) return {};
  std::vector<ReductionPart> parts{ReductionPart::kDistance};
  if (num_edits == last || num_edits % config.forgetting_every == 0) parts.push_back(ReductionPart::kForgetting);
  if (is_tasks_point(config, num_edits, last)) parts.push_back(ReductionPart::kTasks);
  if (is_optional_point(config.scores_every, num_edits, last)) parts.push_back(ReductionPart::kScores);
  if (is_optional_point(config.texts_every, num_edits, last)) parts.push_back(ReductionPart::kTexts);
  if (is_optional_point(config.monitor_every, num_edits, last)) parts.push_back(ReductionPart::kMonitor);
  return parts;
}

std::int64_t step_end(const ExperimentConfig& config, const GridCell& cell, std::int64_t num_edits) {
  return step_end(config, cell, num_edits, edits_of(config, cell));
}

std::int64_t step_end(const ExperimentConfig& config, const GridCell& cell, std::int64_t num_edits,
                      std::int64_t last_edit) {
  const std::int64_t facts = config.method_of(cell)->batch_size();
  return std::min(last_edit, (num_edits / facts + 1) * facts);
}

bool is_step_end(const ExperimentConfig& config, const GridCell& cell, std::int64_t num_edits) {
  return num_edits == edits_of(config, cell) || num_edits % config.method_of(cell)->batch_size() == 0;
}

std::string interval_problem(const ExperimentConfig& config, std::int64_t interval) {
  std::map<std::string_view, const ModelConfig*> models;
  for (const auto& model : config.models) models.emplace(model.name, &model);
  for (const auto& cell : config.cells) {
    const auto& methods = models.at(cell.model)->methods;
    const auto method = methods.find(cell.method);
    // A method that may not edit so many facts has a problem of its own.
    if (method == methods.end() || !method->second->problem().empty()) continue;
    const auto facts = method->second->batch_size();
    if (interval % facts == 0) continue;
    return std::to_string(interval) + " is no multiple of " + std::to_string(facts) + ", the batch_size of " +
           cell.method + "/" + cell.model + ": expected checkpoints between steps";
  }
  return "";
}

std::vector<CorpusSlice> slices_of(const SecondMomentConfig& config, std::int64_t num_documents) {
  // How many documents fill max_tokens is known only after those before them were read.
  if (config.max_tokens > 0) return {{0, num_documents}};
  const std::int64_t longest = std::max(config.documents_per_slice, (num_documents - 1) / kMaxSlices + 1);
  std::vector<CorpusSlice> slices;
  for (std::int64_t first = 0; first < num_documents; first += longest) {
    slices.push_back({first, std::min(num_documents, first + longest)});
  }
  if (slices.empty()) slices.push_back({0, 0});
  return slices;
}

}  // namespace lethe::core::inline config
