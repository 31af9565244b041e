#include "orchestrator/display/config_changes.h"

#include <algorithm>
#include <map>
#include <set>

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include "core/config/cell_progress.h"
#include "core/config/config_difference.h"
#include "core/contract/task_difference.h"

namespace lethe::orchestrator::inline display {
namespace {

using Lines = std::vector<std::string>;

void add_keys(const FormerRun& former, const core::ExperimentConfig& config, Lines& lines) {
  for (const auto& [key, before, now] : core::key_differences(former.config, config)) {
    lines.push_back(fmt::format("{}: {} -> {}", key, before, now));
  }
}

/// Cells whose edits would be made with other settings now. Their committed ones are no beginning of them.
std::set<std::string> with_other_settings(const FormerRun& former, const core::Inspection& inspection) {
  std::map<core::GridCell, std::string> before;
  if (former.inspection) {
    for (const auto& facts : former.inspection->cells) before.emplace(facts.cell, facts.edit_identity);
  }
  std::set<std::string> names;
  for (const auto& facts : inspection.cells) {
    const auto found = before.find(facts.cell);
    if (found != before.end() && found->second != facts.edit_identity) names.insert(facts.cell.name());
  }
  return names;
}

void add_cells(const FormerRun& former, const core::ExperimentConfig& config, const core::Inspection& inspection,
               Lines& lines) {
  const auto [gone, come, other_edits] = core::grid_difference(former.config, config);
  if (!come.empty()) lines.push_back(fmt::format("new in the grid: {}", core::first_names(come)));
  if (!gone.empty()) {
    lines.push_back(fmt::format("no longer in the grid: {}; what is committed of them stays, and no report shows it",
                                core::first_names(gone)));
  }
  const auto other_settings = with_other_settings(former, inspection);
  if (!other_settings.empty()) {
    lines.push_back(fmt::format("edits of other settings: {}; what is committed of them does not go on",
                                core::first_names({other_settings.begin(), other_settings.end()})));
  }
  for (auto [change, cells] : other_edits) {
    std::erase_if(cells, [&](const std::string& name) { return other_settings.contains(name); });
    if (cells.empty()) continue;
    const auto [before, now] = change;
    lines.push_back(fmt::format("edits {} -> {}: {}; {}", before, now, core::first_names(cells),
                                now > before ? "they go on from where they are"
                                             : "edits beyond that stay in their files, and no report shows them"));
  }
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
      lines.push_back(fmt::format("task {}: other {}: it is asked again", task.name,
                                  fmt::join(core::differing_fields(*before, task), ", ")));
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
  add_cells(former, config, inspection, lines);
  add_tasks(former, config, inspection, lines);
  if (lines.empty()) lines.emplace_back("the config asks for what it asked before");
  add_evaluations(config, inspection, ledger, lines);
  return lines;
}

}  // namespace lethe::orchestrator::inline display
