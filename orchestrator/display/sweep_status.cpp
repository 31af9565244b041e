#include "orchestrator/display/sweep_status.h"

#include <unistd.h>

#include <fstream>
#include <map>
#include <ostream>
#include <set>
#include <sstream>

#include <spdlog/fmt/fmt.h>
#include <nlohmann/json.hpp>

#include "core/config/schedule.h"
#include "core/error.h"
#include "core/host_name.h"
#include "core/log.h"
#include "core/utc_time.h"
#include "orchestrator/scheduling/ledger_view.h"

namespace lethe::orchestrator::inline display {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kReasonLength = 100;

/// Failures by "<verb> <cell>..." as status.json tells them; by cell name.
std::map<std::string, std::string> failures_by_cell(const ledger::SweepFolder& folder) {
  std::map<std::string, std::string> failures;
  const auto path = folder.status();
  if (!fs::exists(path)) return failures;
  const auto status = json::parse(ledger::read_text(path), nullptr, false);
  if (!status.is_object() || !status.contains("failures")) return failures;
  for (const auto& failure : status["failures"]) {
    const auto work = failure.value("work", std::string());
    std::istringstream words(work);
    std::string verb;
    std::string cell;
    words >> verb >> cell;
    failures.try_emplace(cell, work + ": " + failure.value("reason", std::string()));
  }
  return failures;
}

/// What names alone say where no inspection is at hand: the identity with most edits, reductions of any identity.
CellLedger largest_ledger(const ledger::SweepFolder& folder, const core::GridCell& cell) {
  CellLedger best;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder.cell(cell), error)) {
    if (!entry.is_directory()) continue;
    const auto files = ledger::scan_cell(entry.path());
    if (files.num_edits() < best.num_edits) continue;
    best.num_edits = files.num_edits();
    best.reductions.clear();
    for (const auto& reduction : files.reductions) best.reductions.emplace(reduction.edits, reduction.part);
  }
  return best;
}

std::int64_t count_due(const core::ExperimentConfig& config, const core::GridCell& cell) {
  std::int64_t count = 0;
  for (const auto edits : core::checkpoints_of(config, cell)) {
    if (!core::parts_due(config, cell, edits).empty()) ++count;
  }
  return count;
}

std::int64_t count_done(const core::ExperimentConfig& config, const core::GridCell& cell, const CellLedger& ledger) {
  std::int64_t count = 0;
  for (const auto edits : core::checkpoints_of(config, cell)) {
    const auto parts = core::parts_due(config, cell, edits);
    const auto is_there = [&](core::ReductionPart part) { return ledger.reductions.contains({edits, part}); };
    if (!parts.empty() && std::ranges::all_of(parts, is_there)) ++count;
  }
  return count;
}

/// What the newest run found; nothing where there was none, or one of another version of lethe.
std::optional<core::Inspection> read_inspection(const ledger::SweepFolder& folder) {
  if (!fs::exists(folder.inspection())) return std::nullopt;
  try {
    return core::inspection_from_json(ledger::read_text(folder.inspection()));
  } catch (const core::CommError& error) {
    core::log_warning(folder.inspection().string() + ": is passed over: " + error.what());
    return std::nullopt;
  }
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
  const auto config = core::experiment_config_from_json(ledger::read_text(folder.experiment()), methods);
  const FolderLedgerView view(folder);
  const auto failures = failures_by_cell(folder);
  std::vector<CellStatus> rows;
  for (const auto& cell : config.cells) {
    const auto ledger = inspection ? view.cell(inspection->cell(cell)) : largest_ledger(folder, cell);
    const auto failure = failures.find(cell.name());
    rows.push_back({cell, ledger.num_edits, config.edits.at(cell), count_done(config, cell, ledger),
                    count_due(config, cell), failure == failures.end() ? std::string() : failure->second});
  }
  return rows;
}

std::string first_line(const std::string& text) {
  auto line = text.substr(0, text.find('\n'));
  if (line.size() > kReasonLength) line = line.substr(0, kReasonLength) + "...";
  return line;
}

}  // namespace

void write_state(const ledger::SweepFolder& folder, std::string_view state) {
  ledger::replace_text(folder.state(), std::string(state) + "\n");
}

std::string read_state(const ledger::SweepFolder& folder) {
  std::ifstream in(folder.state());
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
  CellStatus sum;
  std::int64_t num_done = 0;
  for (const auto& row : rows) {
    const bool is_done = row.edits_done >= row.edits && row.reductions_done == row.reductions_due;
    const std::string word = !row.failure.empty() && !is_done ? "FAILED " + first_line(row.failure)
                             : is_done                        ? "done"
                             : row.edits_done > 0             ? "begun"
                                                              : "-";
    out << fmt::format("{:<{}}  {:>13}  {:>13}  {}\n", row.cell.name(), width,
                       fmt::format("{}/{}", row.edits_done, row.edits),
                       fmt::format("{}/{}", row.reductions_done, row.reductions_due), word);
    sum.edits_done += row.edits_done;
    sum.edits += row.edits;
    sum.reductions_done += row.reductions_done;
    sum.reductions_due += row.reductions_due;
    if (is_done) ++num_done;
  }
  out << fmt::format("{:<{}}  {:>13}  {:>13}  {} of {} cells done\n", "all", width,
                     fmt::format("{}/{}", sum.edits_done, sum.edits),
                     fmt::format("{}/{}", sum.reductions_done, sum.reductions_due), num_done, rows.size());
}

}  // namespace lethe::orchestrator::inline display
