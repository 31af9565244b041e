#include "orchestrator/display/sweep_status.h"

#include <unistd.h>

#include <map>
#include <ostream>
#include <set>
#include <sstream>

#include <spdlog/fmt/fmt.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file_text.h"
#include "core/host_name.h"
#include "core/log.h"
#include "core/utc_time.h"
#include "ledger/cell_identities.h"
#include "orchestrator/scheduling/ledger_view.h"

namespace lethe::orchestrator::inline display {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kReasonLength = 100;

/// What a run left for people to read; nothing decides by it, so what cannot be read is said and passed over.
std::optional<std::string> text_for_people(const fs::path& path) {
  std::error_code ignored;
  if (fs::symlink_status(path, ignored).type() == fs::file_type::not_found) return std::nullopt;
  try {
    return core::text_of_file(path);
  } catch (const core::StorageError& error) {
    core::log_warning(std::string("passed over: ") + error.what());
    return std::nullopt;
  }
}

/// Failures by "<verb> <cell>..." as status.json tells them; by cell name.
std::map<std::string, std::string> failures_by_cell(const ledger::SweepFolder& folder) {
  std::map<std::string, std::string> failures;
  const auto text = text_for_people(folder.status());
  if (!text) return failures;
  try {
    for (const auto& failure : json::parse(*text).at("failures")) {
      const auto work = failure.at("work").get<std::string>();
      std::istringstream words(work);
      std::string verb;
      std::string cell;
      words >> verb >> cell;
      failures.try_emplace(cell, work + ": " + failure.at("reason").get<std::string>());
    }
  } catch (const json::exception&) {
    core::log_warning(folder.status().string() + ": was not written by lethe: failures are not shown");
  }
  return failures;
}

/// What the newest run found; nothing where there was none, or one of another version of lethe.
std::optional<core::Inspection> read_inspection(const ledger::SweepFolder& folder) {
  try {
    return core::read_inspection(folder.inspection());
  } catch (const core::StorageError& error) {
    core::log_warning(std::string("passed over: ") + error.what());
    return std::nullopt;
  }
}

/// Under the identities that the newest run found, or those that lie alone where it says none of the cell.
CellLedger committed_work(const ledger::SweepFolder& folder, const core::GridCell& cell,
                          const std::optional<core::Inspection>& inspection) {
  if (inspection) {
    const auto facts = std::ranges::find(inspection->cells, cell, &core::CellFacts::cell);
    if (facts != inspection->cells.end()) return FolderLedgerView(folder).cell(*facts);
  }
  return ledger::read_cell_ledger(folder, cell, ledger::sole_identities(folder, cell));
}

/// A line for each prerequisite that is not done; nothing is known of them before the inspection.
void print_prerequisites(const ledger::SweepFolder& folder, const std::optional<core::Inspection>& inspection,
                         std::ostream& out) {
  if (!inspection) return;
  const FolderLedgerView view(folder);
  for (const auto& facts : inspection->prerequisites) {
    const auto committed = view.prerequisite(facts);
    if (!facts.is_due || committed.is_done) continue;
    out << facts.title << ": not done";
    if (facts.num_slices > 1) out << fmt::format(" ({} of {} slices)", committed.slices_done.size(), facts.num_slices);
    out << '\n';
  }
}

std::vector<CellStatus> cell_rows(const ledger::SweepFolder& folder, const core::MethodCatalogue& methods,
                                  const std::optional<core::Inspection>& inspection) {
  const auto config = core::read_experiment_config(folder.experiment(), methods);
  const auto failures = failures_by_cell(folder);
  std::vector<CellStatus> rows;
  for (const auto& cell : config.cells) {
    auto progress = core::progress_of(config, cell, committed_work(folder, cell, inspection));
    const auto failure = failures.find(cell.name());
    rows.push_back({cell, std::move(progress), failure == failures.end() ? std::string() : failure->second});
  }
  return rows;
}

std::string first_line(const std::string& text) {
  auto line = text.substr(0, text.find('\n'));
  if (line.size() > kReasonLength) line = line.substr(0, kReasonLength) + "...";
  return line;
}

std::string state_of(const CellStatus& row) {
  if (row.progress.is_complete()) return "done";
  if (!row.failure.empty()) return "FAILED " + first_line(row.failure);
  return row.progress.edits_done > 0 ? "begun" : "-";
}

struct Counts {
  std::int64_t edits_done = 0, edits = 0, reductions_done = 0, reductions = 0;
};

}  // namespace

void write_state(const ledger::SweepFolder& folder, std::string_view state) {
  ledger::replace_text(folder.state(), std::string(state) + "\n");
}

std::string read_state(const ledger::SweepFolder& folder) {
  std::istringstream in(text_for_people(folder.state()).value_or(""));
  std::string word;
  in >> word;
  return word;
}

void write_status(const ledger::SweepFolder& folder, const Coordinator& coordinator) {
  const auto totals = coordinator.backlog().totals();
  json failures = json::array();
  for (const auto& failure : coordinator.failures()) {
    failures.push_back({{"work", failure.work}, {"reason", failure.reason}});
  }
  for (const auto& cell : coordinator.backlog().cells()) {
    // Cells that fell with their prerequisite were never tried: they have no entry of their own yet.
    if (cell.edit_state != WorkState::kFailed || !cell.failure.starts_with(kPrerequisiteFailed)) continue;
    failures.push_back({{"work", "edit " + cell.facts->cell.name()}, {"reason", cell.failure}});
  }
  const json status{
      {"time", core::utc_time_now()},
      {"host", core::host_name()},
      {"pid", ::getpid()},
      {"cells", {{"done", totals.num_cells_done}, {"failed", totals.num_cells_failed}, {"all", totals.num_cells}}},
      {"edits", {{"done", totals.edits_done}, {"all", totals.edits}}},
      {"reductions", {{"done", totals.reductions_done}, {"all", totals.reductions}}},
      {"failures", failures}};
  ledger::replace_text(folder.status(), status.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
}

std::vector<CellStatus> read_cell_status(const ledger::SweepFolder& folder, const core::MethodCatalogue& methods) {
  return cell_rows(folder, methods, read_inspection(folder));
}

void print_status(const ledger::SweepFolder& folder, const core::MethodCatalogue& methods, std::ostream& out) {
  const auto inspection = read_inspection(folder);
  const auto rows = cell_rows(folder, methods, inspection);
  const auto state = read_state(folder);
  out << fmt::format("{}: {}\n", folder.root().string(), state.empty() ? "no STATE yet" : state);
  std::size_t width = 4;
  for (const auto& row : rows) width = std::max(width, row.cell.name().size());
  print_prerequisites(folder, inspection, out);
  out << fmt::format("{:<{}}  {:>13}  {:>13}  {}\n", "cell", width, "edits", "reductions", "state");
  const auto line = [&](const std::string& name, const Counts& counts, const std::string& word) {
    out << fmt::format("{:<{}}  {:>13}  {:>13}  {}\n", name, width,
                       fmt::format("{}/{}", counts.edits_done, counts.edits),
                       fmt::format("{}/{}", counts.reductions_done, counts.reductions), word);
  };
  Counts sum;
  std::int64_t num_done = 0;
  for (const auto& row : rows) {
    const auto& progress = row.progress;
    const Counts counts{progress.edits_done, progress.edits, progress.reductions_done(), progress.reductions};
    line(row.cell.name(), counts, state_of(row));
    sum.edits_done += counts.edits_done;
    sum.edits += counts.edits;
    sum.reductions_done += counts.reductions_done;
    sum.reductions += counts.reductions;
    if (progress.is_complete()) ++num_done;
  }
  line("all", sum, fmt::format("{} of {} cells done", num_done, rows.size()));
}

}  // namespace lethe::orchestrator::inline display
