#include "orchestrator/display/config_changes.h"

#include <algorithm>
#include <map>
#include <set>

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/config/cell_progress.h"
#include "core/error.h"
#include "core/json_object.h"

namespace lethe::orchestrator::inline display {
namespace {

using Lines = std::vector<std::string>;

constexpr std::size_t kNamesShown = 4;
constexpr std::size_t kLongestValue = 60;

/// "a, b, c, d and 3 more".
std::string listed(const std::vector<std::string>& names) {
  const auto shown = std::min(names.size(), kNamesShown);
  auto text = fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (shown < names.size()) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

/// Settings of a model's methods that come or go with a method or a model are no news beside its cells.
void keep_shared_methods(nlohmann::json& models, const core::ExperimentConfig& other) {
  for (auto model = models.begin(); model != models.end();) {
    const auto same = std::ranges::find(other.models, model.key(), &core::ModelConfig::name);
    if (same == other.models.end()) {
      model = models.erase(model);
      continue;
    }
    auto& methods = model.value()["methods"];
    for (auto method = methods.begin(); method != methods.end();) {
      method = same->methods.contains(method.key()) ? std::next(method) : methods.erase(method);
    }
    ++model;
  }
}

/// Keys with their values, "models.gpt2.path" for one inside, as far as `other` may have them too; without what is told
/// in words of its own.
std::map<std::string, std::string> values_of(const core::ExperimentConfig& config,
                                             const core::ExperimentConfig& other) {
  auto document = core::parse_json<core::ConfigError>(core::to_json(config), "experiment.json");
  for (const char* told : {"cells", "edits", "skipped", "tasks", "source"}) document.erase(told);
  auto by_name = nlohmann::json::object();
  for (auto& model : document["models"]) by_name[model["name"].get<std::string>()] = model;
  keep_shared_methods(by_name, other);
  document["models"] = std::move(by_name);
  std::map<std::string, std::string> values;
  const auto flat = document.flatten();
  for (const auto& [pointer, value] : flat.items()) {
    auto key = pointer.substr(1);
    std::ranges::replace(key, '/', '.');
    auto text = value.dump();
    if (text.size() > kLongestValue) text = text.substr(0, kLongestValue) + "...";
    values[key] = std::move(text);
  }
  return values;
}

void add_keys(const FormerRun& former, const core::ExperimentConfig& config, Lines& lines) {
  auto before = values_of(former.config, config);
  const auto now = values_of(config, former.config);
  for (const auto& [key, value] : now) before.try_emplace(key, "(none)");
  for (const auto& [key, value] : before) {
    const auto found = now.find(key);
    const auto present = found == now.end() ? std::string("(none)") : found->second;
    if (present != value) lines.push_back(fmt::format("{}: {} -> {}", key, value, present));
  }
}

void add_cells(const FormerRun& former, const core::ExperimentConfig& config, Lines& lines) {
  std::vector<std::string> come;
  std::vector<std::string> gone;
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<std::string>> other_edits;
  for (const auto& [cell, edits] : config.edits) {
    const auto before = former.config.edits.find(cell);
    if (before == former.config.edits.end()) {
      come.push_back(cell.name());
    } else if (before->second != edits) {
      other_edits[{before->second, edits}].push_back(cell.name());
    }
  }
  for (const auto& [cell, edits] : former.config.edits) {
    if (!config.edits.contains(cell)) gone.push_back(cell.name());
  }
  if (!come.empty()) lines.push_back(fmt::format("new in the grid: {}", listed(come)));
  if (!gone.empty()) {
    lines.push_back(fmt::format("no longer in the grid: {}; what is committed of them stays, and no report shows it",
                                listed(gone)));
  }
  for (const auto& [change, cells] : other_edits) {
    const auto [before, now] = change;
    lines.push_back(fmt::format("edits {} -> {}: {}; {}", before, now, listed(cells),
                                now > before ? "they go on from where they are"
                                             : "edits beyond that stay in their files, and no report shows them"));
  }
}

/// "prefix", "examples": the keys of a task that differ, in the words of its file.
std::string changed_keys(const core::TaskFacts& before, const core::TaskFacts& now) {
  std::set<std::string> keys;
  const auto prefix = "task." + now.name + ".";
  for (const auto* one : {&before, &now}) {
    const auto* other = one == &now ? &before : &now;
    for (const auto& [field, value] : one->identity_fields) {
      const auto found = other->identity_fields.find(field);
      if (found != other->identity_fields.end() && found->second == value) continue;
      keys.insert(field.starts_with(prefix) ? field.substr(prefix.size()) : field);
    }
  }
  return fmt::format("{}", fmt::join(keys, ", "));
}

void add_tasks(const FormerRun& former, const core::ExperimentConfig& config, const core::Inspection& inspection,
               Lines& lines) {
  if (!former.inspection) return;
  for (const auto& task : inspection.tasks) {
    const auto* before = former.inspection->find_task(task.name);
    if (before == nullptr) {
      // Older files name no tasks.
      const bool was_there = std::ranges::count(former.config.tasks, task.name, &core::TaskConfig::name) > 0;
      if (!was_there) lines.push_back(fmt::format("task {}: new", task.name));
    } else if (before->identity != task.identity) {
      lines.push_back(fmt::format("task {}: other {}: it is asked again", task.name, changed_keys(*before, task)));
    }
  }
  for (const auto& task : former.config.tasks) {
    if (std::ranges::count(config.tasks, task.name, &core::TaskConfig::name) > 0) continue;
    lines.push_back(fmt::format("task {}: left out; its answers stay in their files", task.name));
  }
}

/// Checkpoints by part that are due of models which are edited already.
void add_evaluations(const core::ExperimentConfig& config, const core::Inspection& inspection, const LedgerView& ledger,
                     Lines& lines) {
  std::map<core::ReductionPart, std::int64_t> checkpoints;
  for (const auto& facts : inspection.cells) {
    const auto progress = core::progress_of(config, facts.cell, ledger.cell(facts));
    for (const auto& missing : progress.missing) {
      if (missing.edits > progress.edits_done) continue;
      for (const auto part : missing.parts) ++checkpoints[part];
    }
  }
  std::vector<std::string> parts;
  for (const auto& [part, count] : checkpoints) {
    parts.push_back(fmt::format("{} at {} checkpoint(s)", core::to_string(part), count));
  }
  if (parts.empty()) {
    lines.emplace_back("of what is edited already, nothing is evaluated again");
    return;
  }
  lines.push_back(fmt::format("of what is edited already, evaluated: {}", fmt::join(parts, ", ")));
  if (checkpoints.contains(core::ReductionPart::kTasks)) {
    lines.emplace_back("  (of tasks, those alone that the same models were not asked before)");
  }
}

}  // namespace

std::vector<std::string> describe_changes(const FormerRun& former, const core::ExperimentConfig& config,
                                          const core::Inspection& inspection, const LedgerView& ledger) {
  Lines lines;
  add_keys(former, config, lines);
  add_cells(former, config, lines);
  add_tasks(former, config, inspection, lines);
  if (lines.empty()) lines.emplace_back("the config asks for what it asked before");
  add_evaluations(config, inspection, ledger, lines);
  return lines;
}

}  // namespace lethe::orchestrator::inline display
