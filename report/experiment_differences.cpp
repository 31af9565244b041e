#include "report/experiment_differences.h"

#include <algorithm>

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include "core/config/config_difference.h"
#include "core/contract/task_difference.h"

namespace lethe::report {
namespace {

using Lines = std::vector<std::string>;

void add_grid(const NamedSweep& first, const NamedSweep& second, Lines& lines) {
  const auto grid = core::grid_difference(first.results.config, second.results.config);
  const auto add_lone = [&](const std::vector<std::string>& cells, const NamedSweep& sweep) {
    if (!cells.empty())
      lines.push_back(fmt::format("in the grid of {} alone: {}", sweep.label, core::first_names(cells)));
  };
  add_lone(grid.only_one, first);
  add_lone(grid.only_other, second);
  for (const auto& [edits, cells] : grid.other_edits) {
    lines.push_back(fmt::format("edits: {} in {}, {} in {} ({})", edits.first, first.label, edits.second, second.label,
                                core::first_names(cells)));
  }
}

bool has_task(const NamedSweep& sweep, const std::string& name) {
  return std::ranges::count(sweep.results.config.tasks, name, &core::TaskConfig::name) > 0;
}

/// By the inspections, which know what is in the files that a task names.
void add_tasks(const NamedSweep& first, const NamedSweep& second, Lines& lines) {
  const auto add_lone = [&](const NamedSweep& sweep, const NamedSweep& other) {
    for (const core::TaskConfig& task : sweep.results.config.tasks) {
      if (!has_task(other, task.name)) lines.push_back(fmt::format("task {}: in {} alone", task.name, sweep.label));
    }
  };
  add_lone(first, second);
  add_lone(second, first);
  if (!first.results.inspection || !second.results.inspection) return;
  for (const auto& task : second.results.inspection->tasks) {
    const auto* other = first.results.inspection->find_task(task.name);
    if (other == nullptr || other->identity == task.identity) continue;
    lines.push_back(fmt::format("task {}: other {}", task.name, fmt::join(core::differing_fields(*other, task), ", ")));
  }
}

void add_models(const NamedSweep& first, const NamedSweep& second, Lines& lines) {
  if (!first.results.inspection || !second.results.inspection) return;
  for (const auto& model : second.results.inspection->models) {
    const auto& others = first.results.inspection->models;
    const auto other = std::ranges::find(others, model.name, &core::ModelFacts::name);
    const bool is_known = other != others.end() && !other->contents_identity.empty();
    if (!is_known || model.contents_identity.empty() || other->contents_identity == model.contents_identity) continue;
    lines.push_back(
        fmt::format("model {}: other contents (weights, tokenizer, threads or kind of device)", model.name));
  }
}

}  // namespace

List experiment_differences(const NamedSweep& first, const NamedSweep& second) {
  Lines lines;
  for (const auto& [key, one, other] : core::key_differences(first.results.config, second.results.config)) {
    lines.push_back(fmt::format("{}: {} in {}, {} in {}", key, one, first.label, other, second.label));
  }
  add_grid(first, second, lines);
  add_tasks(first, second, lines);
  add_models(first, second, lines);
  List list;
  for (const auto& line : lines) list.items.push_back(as_text(line));
  if (lines.empty()) list.items.emplace_back("nothing: both ask for the same");
  return list;
}

}  // namespace lethe::report
