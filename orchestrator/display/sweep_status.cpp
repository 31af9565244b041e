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
#include "ledger/durable_file.h"
#include "orchestrator/scheduling/ledger_view.h"

namespace lethe::orchestrator::inline display {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kReasonLength = 240;
constexpr std::size_t kMaxRetriesTold = 10;

/// A member of `value` that is a text; empty if there is none.
std::string text_of(const json& value, const char* key) {
  if (!value.is_object()) return {};
  const auto found = value.find(key);
  return found != value.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// status.json, or an empty object: it is for people.
json read_status(const ledger::SweepFolder& folder) {
  try {
    auto status = json::parse(ledger::read_text(folder.status()), nullptr, false);
    if (status.is_object()) return status;
  } catch (const core::StorageError&) {  // there is none yet, or it cannot be read
  }
  return json::object();
}

/// The objects of a list in status.json.
json entries_of(const json& status, const char* key) {
  const auto found = status.find(key);
  return found != status.end() && found->is_array() ? *found : json::array();
}

/// Failures by "<verb> <cell>..." as status.json tells them; by cell name.
std::map<std::string, std::string> failures_by_cell(const json& status) {
  std::map<std::string, std::string> failures;
  for (const auto& failure : entries_of(status, "failures")) {
    const auto work = text_of(failure, "work");
    std::istringstream words(work);
    std::string verb;
    std::string cell;
    words >> verb >> cell;
    failures.try_emplace(cell, work + ": " + text_of(failure, "reason"));
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
  const auto failures = failures_by_cell(read_status(folder));
  const auto facts_of_all = inspection.value_or(core::Inspection{});
  const core::CellIndex known(facts_of_all);
  std::vector<CellStatus> rows;
  for (const auto& cell : config.cells) {
    const auto* facts = known.find(cell);
    const auto ledger = facts != nullptr ? view.cell(*facts) : largest_ledger(folder, cell);
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

/// What keeps the sweep from its end: the folder itself, what stopped the last run, what is being tried again.
void print_troubles(const ledger::SweepFolder& folder, std::ostream& out) {
  if (const auto trouble = ledger::trouble_of(folder.root()); !trouble.empty()) out << trouble << '\n';
  const auto status = read_status(folder);
  if (const auto stopped = text_of(status, "stopped"); !stopped.empty()) out << "stopped: " << stopped << '\n';
  std::size_t num_told = 0;
  const auto retries = entries_of(status, "retries");
  for (const auto& retry : retries) {
    if (++num_told > kMaxRetriesTold) {
      out << fmt::format("... and {} more are tried again\n", retries.size() - kMaxRetriesTold);
      break;
    }
    out << fmt::format("tried again: {}: {}\n", text_of(retry, "work"), first_line(text_of(retry, "reason")));
  }
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
  json retries = json::array();
  for (const auto& retry : coordinator.backlog().retries()) {
    retries.push_back({{"work", retry.work}, {"reason", retry.reason}, {"failures", retry.num_failures}});
  }
  const json status{
      {"time", core::utc_time_now()},
      {"host", core::host_name()},
      {"pid", ::getpid()},
      {"cells", {{"done", totals.num_cells_done}, {"failed", totals.num_cells_failed}, {"all", totals.num_cells}}},
      {"edits", {{"done", totals.edits_done}, {"all", totals.edits}}},
      {"reductions", {{"done", totals.reductions_done}, {"all", totals.reductions}}},
      {"stopped", coordinator.stop_reason()},
      {"retries", retries},
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
  if (state != to_string(Outcome::kComplete)) print_troubles(folder, out);
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
