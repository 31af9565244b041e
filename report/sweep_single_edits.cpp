#include "report/sweep_single_edits.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include "core/contract/identity.h"
#include "core/error.h"
#include "report/disabling_experiment.h"

namespace lethe::report {
namespace {

namespace fs = std::filesystem;
using Fields = std::map<std::string, std::string>;

// Of what is hashed into an edit identity: what a model is, and which facts are edited, not how.
constexpr const char* kOfTheModel[] = {"weights", "tokenizer"};
constexpr const char* kOfTheFacts[] = {"sample", "requests", "edits"};

bool is_one_of(std::span<const char* const> names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

/// Of a cell that edits the model, by this method if the grid has one. Null where none is known, and where its edits
/// are reported under another identity than the newest run's, of which nothing is known.
const core::CellFacts* reported_facts(const SweepResults& sweep, const core::CellIndex& known, const SingleEdits& group,
                                      bool has_method) {
  for (const CellHistory& history : sweep.histories) {
    if (history.cell.model != group.model || (has_method && history.cell.method != group.method)) continue;
    const auto* facts = known.find(history.cell);
    if (facts == nullptr) return nullptr;
    const bool is_named = history.edit_identity.empty() || history.edit_identity == facts->edit_identity;
    return is_named ? facts : nullptr;
  }
  return nullptr;
}

/// What must be the same: all that decides edits but the facts; of a method that the sweep has not, the model.
Fields compared(const Fields& fields, bool has_method) {
  Fields kept;
  for (const auto& [name, value] : fields) {
    if (has_method ? !is_one_of(kOfTheFacts, name) : is_one_of(kOfTheModel, name)) kept[name] = value;
  }
  return kept;
}

/// On one line.
std::string difference_of(const Fields& reported, const Fields& single) {
  std::string line;
  for (const char c : core::describe_difference({reported}, {single})) {
    if (c == '\n') {
      line += ';';
    } else if (c != ' ' || (!line.empty() && line.back() != ' ')) {
      line += c;
    }
  }
  return line;
}

/// What the inspections of a sweep and of its single edits say of each cell.
struct KnownFacts {
  core::CellIndex reported, single;
};

/// Why a group's edits are none of the sweep's model or settings, or cannot be told to be; empty if they are.
std::string why_not(const SweepResults& sweep, const SingleEditResults& edits, const KnownFacts& known,
                    const SingleEdits& group) {
  const bool has_method = sweep.config.has_cell_of(group.method, group.model);
  const auto* reported = reported_facts(sweep, known.reported, group, has_method);
  const auto* single = known.single.find(group.edits.front().cell);
  const auto begin = group.method + " on " + group.model + ": ";
  for (const auto& [facts, root] : {std::pair(reported, &sweep.root), std::pair(single, &edits.root)}) {
    if (facts != nullptr && facts->edit_identity_fields.contains(kOfTheModel[0])) continue;
    return begin + "cannot be told to be of the same model and settings, because " +
           (*root / "inspection.json").string() + " does not describe the edits; `lethe sweep` writes it";
  }
  const auto difference = difference_of(compared(reported->edit_identity_fields, has_method),
                                        compared(single->edit_identity_fields, has_method));
  if (difference.empty()) return "";
  return begin + "made of another model or with other settings (this sweep's | there): " + difference;
}

constexpr const char* kRemark = "single edits: ";

/// Takes out what is of models that the sweep has not.
void keep_models_of(SweepResults& sweep, SingleEditResults& edits) {
  std::set<std::string> others;
  std::erase_if(edits.groups, [&](const SingleEdits& group) {
    const bool is_there = std::ranges::count(sweep.config.cells, group.model, &core::GridCell::model) > 0;
    if (!is_there) others.insert(group.model);
    return !is_there;
  });
  if (edits.groups.empty()) {
    throw core::ConfigError(
        fmt::format("has no single edit of a model of this sweep, but of: {}", fmt::join(others, ", ")));
  }
  if (others.empty()) return;
  sweep.remarks.notes.push_back(
      kRemark + fmt::format("those of {} are left out, of which this sweep has no cell", fmt::join(others, ", ")));
}

void require_same_settings(const SweepResults& sweep, const SingleEditResults& edits) {
  const core::Inspection nothing;
  const KnownFacts known{core::CellIndex(sweep.inspection ? *sweep.inspection : nothing),
                         core::CellIndex(edits.inspection ? *edits.inspection : nothing)};
  std::vector<std::string> problems;
  for (const SingleEdits& group : edits.groups) {
    if (auto problem = why_not(sweep, edits, known, group); !problem.empty()) problems.push_back(std::move(problem));
  }
  if (!problems.empty()) throw core::ConfigError(fmt::format("{}", fmt::join(problems, "; ")));
}

/// Edits are judged by the tasks that they were asked, which need not be this sweep's.
void note_other_tasks(SweepResults& sweep, const SingleEditResults& edits) {
  std::set<std::string> others;
  const auto add = [&](const core::Inspection& one, const core::Inspection& other) {
    for (const auto& task : one.tasks) {
      const auto* twin = other.find_task(task.name);
      if (twin == nullptr || twin->identity != task.identity) others.insert(task.name);
    }
  };
  add(*sweep.inspection, *edits.inspection);
  add(*edits.inspection, *sweep.inspection);
  if (others.empty()) return;
  sweep.remarks.notes.push_back(kRemark + fmt::format("tasks that only they or only this sweep were asked, or "
                                                      "that were asked otherwise: {}",
                                                      fmt::join(others, ", ")));
}

void pass_remarks(SweepResults& sweep, const SingleEditResults& edits) {
  if (edits.root == sweep.root) return;  // said already
  for (const auto* notes : {&edits.selection.notes, &edits.remarks.notes}) {
    for (const std::string& text : *notes) sweep.remarks.notes.push_back(kRemark + text);
  }
  for (const std::string& text : edits.remarks.left_out) sweep.remarks.left_out.push_back(kRemark + text);
}

/// Empty where there is none.
fs::path default_folder(const fs::path& sweep) {
  std::error_code error;
  if (fs::exists(sweep / kSelectionFile, error)) return sweep;
  const auto folder = single_edits_folder(sweep);
  return fs::is_directory(folder, error) ? folder : fs::path();
}

}  // namespace

void add_single_edits(SweepResults& sweep, const core::MethodCatalogue& methods, const fs::path& asked) {
  const auto folder = asked.empty() ? default_folder(sweep.root) : asked;
  if (folder.empty()) return;
  try {
    auto edits = read_single_edits(folder, methods);
    keep_models_of(sweep, edits);
    require_same_settings(sweep, edits);
    note_other_tasks(sweep, edits);
    pass_remarks(sweep, edits);
    sweep.single_edits = std::move(edits);
  } catch (const core::Error& error) {
    if (!asked.empty()) throw core::ConfigError("--disabling " + asked.string() + ": " + error.what());
    sweep.remarks.notes.push_back(kRemark + ("those in " + folder.string()) + " are left out: " + error.what() +
                                  "; `--disabling FOLDER` names others");
  }
}

}  // namespace lethe::report
