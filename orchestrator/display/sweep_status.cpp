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

/// Entries of a list in status.json.
json entries_of(const json& status, const char* key) {
  const auto found = status.find(key);
  return found != status.end() && found->is_array() ? *found : json::array();
}

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

/// status.json, or an empty object.
json read_status(const ledger::SweepFolder& folder) {
  const auto text = text_for_people(folder.status());
  if (!text) return json::object();
  auto status = json::parse(*text, nullptr, false);
  if (status.is_object()) return status;
  core::log_warning(folder.status().string() + ": was not written by lethe: failures are not shown");
  return json::object();
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

/// Under the identities that the newest run found, or those that lie alone where it says none of the cell.
CellLedger committed_work(const ledger::SweepFolder& folder, const core::GridCell& cell, const core::CellFacts* facts) {
  if (facts != nullptr) return FolderLedgerView(folder).cell(*facts);
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
                                  const std::optional<core::Inspection>& inspection, const json& status) {
  const auto config = core::read_experiment_config(folder.experiment(), methods);
  const auto failures = failures_by_cell(status);
  const auto facts_of_all = inspection.value_or(core::Inspection{});
  const core::CellIndex known(facts_of_all);
  std::vector<CellStatus> rows;
  for (const auto& cell : config.cells) {
    auto progress = core::progress_of(config, cell, committed_work(folder, cell, known.find(cell)));
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

/// What keeps the sweep from its end: the folder itself, what stopped the last run, what is being tried again.
void print_troubles(const ledger::SweepFolder& folder, const json& status, std::ostream& out) {
  if (const auto trouble = ledger::trouble_of(folder.root()); !trouble.empty()) out << trouble << '\n';
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
  return cell_rows(folder, methods, core::known_inspection(folder.inspection()), read_status(folder));
}

void print_status(const ledger::SweepFolder& folder, const core::MethodCatalogue& methods, std::ostream& out) {
  const auto inspection = core::known_inspection(folder.inspection());
  const auto status = read_status(folder);
  const auto rows = cell_rows(folder, methods, inspection, status);
  const auto state = read_state(folder);
  out << fmt::format("{}: {}\n", folder.root().string(), state.empty() ? "no STATE yet" : state);
  if (state != to_string(Outcome::kComplete)) print_troubles(folder, status, out);
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
