#include "report/experiment_differences.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

using CellsOfField = std::map<std::string, std::vector<std::string>>;

// Of what is hashed into an edit identity: what the keys of the configs and the contents of the models, compared above,
// decide. The rest are contents of files that a config only names, and what version of lethe made the edits.
constexpr std::array<std::string_view, 12> kToldAbove = {
    "kind",    "method", "fidelity",  "edits",   "seed",      "sample",
    "threads", "device", "precision", "weights", "tokenizer", "second_moment_placement"};
constexpr std::string_view kOfTheMethod = "method.";

bool is_told_above(const std::string& field) {
  return field.starts_with(kOfTheMethod) || std::ranges::find(kToldAbove, field) != kToldAbove.end();
}

/// What a field stands for, for readers who know the config alone.
std::string words_of_field(const std::string& field) {
  if (field == "requests") return "requests: other records of the dataset, or another order of them";
  if (field == "moments") return "second moments: other weights, corpus or settings of the pass over it";
  if (field == "contexts") return "contexts: another file";
  return field + ": another one";
}

using PairsOfFacts = std::vector<std::pair<const core::CellFacts*, const core::CellFacts*>>;

/// What is known of the cells that both inspections describe; nothing where a sweep has none.
PairsOfFacts facts_of_both(const NamedSweep& first, const NamedSweep& second) {
  PairsOfFacts pairs;
  if (!first.results.inspection || !second.results.inspection) return pairs;
  const core::CellIndex others(*second.results.inspection);
  for (const core::CellFacts& one : first.results.inspection->cells) {
    if (const auto* other = others.find(one.cell)) pairs.emplace_back(&one, other);
  }
  return pairs;
}

/// The fields in which edit identities differ, and in which cells.
CellsOfField differing_fields(const PairsOfFacts& pairs) {
  CellsOfField cells;
  for (const auto& [one, other] : pairs) {
    if (one->edit_identity_fields.empty() || other->edit_identity_fields.empty()) continue;
    std::vector<std::pair<std::string, std::string>> lone;  // entries that one of them has alone
    std::ranges::set_symmetric_difference(one->edit_identity_fields, other->edit_identity_fields,
                                          std::back_inserter(lone));
    for (const auto& [field, value] : lone) {
      auto& names = cells[field];
      if (names.empty() || names.back() != one->cell.name()) names.push_back(one->cell.name());
    }
  }
  return cells;
}

/// By the inspections, which know what is in the files that edits are made with.
void add_edits(const PairsOfFacts& pairs, Lines& lines) {
  // What is told above is so by the configs at hand; where they agree and identities do not, these have the last word.
  const bool is_unexplained = lines.empty();
  for (const auto& [field, names] : differing_fields(pairs)) {
    if (is_told_above(field) && !is_unexplained) continue;
    lines.push_back(fmt::format("edits, {} ({})", words_of_field(field), core::first_names(names)));
  }
}

/// Parts whose reductions were made with other settings, by their identities; tasks are told one by one.
void add_reductions(const PairsOfFacts& pairs, Lines& lines) {
  std::set<core::ReductionPart> parts;
  for (const auto& [one, other] : pairs) {
    for (const auto& [part, identity] : one->reduction_identities) {
      const auto found = other->reduction_identities.find(part);
      if (found != other->reduction_identities.end() && found->second != identity) parts.insert(part);
    }
  }
  parts.erase(core::ReductionPart::kTasks);
  for (const auto part : parts) {
    lines.push_back(
        fmt::format("reductions, {}: other settings, contents of a file or numerics version", core::to_string(part)));
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
  const auto facts = facts_of_both(first, second);
  add_edits(facts, lines);
  add_reductions(facts, lines);
  List list;
  for (const auto& line : lines) list.items.push_back(as_text(line));
  if (lines.empty()) list.items.emplace_back("nothing: both ask for the same");
  return list;
}

}  // namespace lethe::report
