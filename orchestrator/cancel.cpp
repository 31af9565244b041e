#include "orchestrator/cancel.h"

#include <fnmatch.h>

#include <algorithm>
#include <map>
#include <ostream>
#include <set>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "core/error.h"
#include "core/nearest_word.h"
#include "ledger/cancelled_cells.h"
#include "orchestrator/display/status_file.h"
#include "orchestrator/display/sweep_look.h"

namespace lethe::orchestrator {
namespace {

/// What there is to choose from, by name: cells of the experiment with how far they are, and cancelled ones that no
/// grid holds any more.
using Choice = std::map<std::string, CellStatus>;

Choice choice_of(const ledger::SweepFolder& folder, const CancelOptions& options) {
  Choice choice;
  for (auto& row : read_cell_status(folder, options.methods)) choice.emplace(row.cell.name(), std::move(row));
  if (!options.is_undo) return choice;
  for (const auto& cell : ledger::cancelled_cells(folder)) {
    CellStatus row;
    row.cell = cell;
    choice.try_emplace(cell.name(), std::move(row));
  }
  return choice;
}

/// The cells that are meant; a problem is added where there is none.
void select(const std::string& wish, const Choice& choice, const std::string& folder, std::set<std::string>& selected,
            std::string& problems) {
  const auto add_problem = [&](const std::string& text) { problems += (problems.empty() ? "" : "\n") + text; };
  const bool is_pattern = wish.find_first_of("*?[") != std::string::npos;
  std::size_t num_found = 0;
  for (const auto& [name, row] : choice) {
    const bool is_meant = is_pattern ? ::fnmatch(wish.c_str(), name.c_str(), 0) == 0 : name == wish;
    if (is_meant) selected.insert(name);
    num_found += is_meant ? 1 : 0;
  }
  if (num_found > 0) return;
  if (is_pattern)
    return add_problem(fmt::format("{}: no cell is called so; `lethe status {}` lists them", wish, folder));
  std::vector<std::string> names;
  for (const auto& [name, row] : choice) names.push_back(name);
  const auto near = core::suggestion(wish, names);
  add_problem(fmt::format("{}: is no cell of {}{} `lethe status` lists them", wish, folder, near.empty() ? ";" : near));
}

/// True if something changed.
bool cancel(const ledger::SweepFolder& folder, const CellStatus& row, const std::string& reason, std::ostream& out) {
  const auto& progress = row.progress;
  out << row.cell.name() << ": ";
  if (progress.edits_done == progress.edits) {
    out << (progress.is_complete() ? "is complete already, and nothing is left to cancel\n"
                                   : "all its edits are made already; its evaluations are done all the same\n");
    return false;
  }
  const bool is_news = !progress.is_cancelled;
  if (is_news || !reason.empty()) ledger::cancel_cell(folder, row.cell, reason);
  out << fmt::format("{} after {} of {} committed edits; they are kept and evaluated\n",
                     is_news ? "cancelled" : "is cancelled already,", progress.edits_done, progress.edits);
  return is_news;
}

bool restore(const ledger::SweepFolder& folder, const CellStatus& row, std::ostream& out) {
  const bool is_news = ledger::restore_cell(folder, row.cell);
  out << row.cell.name() << ": ";
  if (!is_news) {
    out << "is not cancelled\n";
  } else if (row.progress.is_cancelled) {
    out << fmt::format("no longer cancelled; goes on after edit {} of {}\n", row.progress.edits_done,
                       row.progress.edits);
  } else {
    out << "no longer cancelled\n";
  }
  return is_news;
}

/// A sweep that came to its end without a cell has not come to its end with it. One that runs says INCOMPLETE itself.
void reopen_state(const ledger::SweepFolder& folder) {
  const auto state = read_state(folder);
  if (state != to_string(Outcome::kComplete) && state != to_string(Outcome::kPoisoned)) return;
  write_state(folder, to_string(Outcome::kIncomplete));
}

}  // namespace

int run_cancel(const CancelOptions& options, std::ostream& out) {
  const ledger::SweepFolder folder(std::filesystem::absolute(options.folder));
  const auto choice = choice_of(folder, options);
  std::set<std::string> selected;
  std::string problems;
  for (const auto& wish : options.cells) select(wish, choice, folder.root().string(), selected, problems);
  if (!problems.empty()) throw core::ConfigError(problems);
  bool has_news = false;
  bool is_to_be_edited = false;
  for (const auto& name : selected) {
    const auto& row = choice.at(name);
    const bool is_news = options.is_undo ? restore(folder, row, out) : cancel(folder, row, options.reason, out);
    has_news |= is_news;
    is_to_be_edited |= is_news && options.is_undo && row.progress.is_cancelled;
  }
  if (is_to_be_edited) reopen_state(folder);
  if (has_news) out << "a sweep that runs here sees it within seconds, else the next one does\n";
  return 0;
}

}  // namespace lethe::orchestrator
