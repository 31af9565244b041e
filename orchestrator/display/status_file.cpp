#include "orchestrator/display/status_file.h"

#include <unistd.h>

#include <cmath>
#include <sstream>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file_text.h"
#include "core/host_name.h"
#include "core/log.h"
#include "core/strict_json.h"
#include "core/utc_time.h"
#include "ledger/durable_file.h"

namespace lethe::orchestrator::inline display {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// A member of `value`; null if there is none.
json member_of(const json& value, const char* key) {
  if (!value.is_object()) return nullptr;
  const auto found = value.find(key);
  return found == value.end() ? json() : *found;
}

/// Text or number as text; empty for all else.
std::string text_of(const json& value, const char* key) {
  const auto member = member_of(value, key);
  if (member.is_string()) return member.get<std::string>();
  return member.is_number_integer() ? member.dump() : std::string();
}

std::optional<double> number_of(const json& value, const char* key) {
  const auto member = member_of(value, key);
  return member.is_number() ? std::optional(member.get<double>()) : std::nullopt;
}

std::int64_t count_of(const json& value, const char* key) {
  const auto member = member_of(value, key);
  return member.is_number_integer() ? member.get<std::int64_t>() : 0;
}

json entries_of(const json& status, const char* key) {
  auto member = member_of(status, key);
  return member.is_array() ? member : json::array();
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
  auto status = core::json_if_sound(*text);
  if (status && status->is_object()) return std::move(*status);
  core::log_warning(folder.status().string() + ": was not written by lethe: failures are not shown");
  return json::object();
}

std::vector<RunStatus::Work> works_of(const json& status, const char* key) {
  std::vector<RunStatus::Work> works;
  for (const auto& entry : entries_of(status, key)) works.push_back({text_of(entry, "work"), text_of(entry, "reason")});
  return works;
}

json failures_of(const Coordinator& coordinator) {
  json failures = json::array();
  for (const auto& failure : coordinator.failures()) {
    failures.push_back({{"work", failure.work}, {"reason", failure.reason}});
  }
  for (const auto& cell : coordinator.backlog().cells()) {
    // Cells that fell with their prerequisite were never tried: they have no entry of their own yet.
    if (cell.edit_state != WorkState::kFailed || cell.is_cancelled || !cell.failure.starts_with(kPrerequisiteFailed))
      continue;
    failures.push_back({{"work", "edit " + cell.facts->cell.name()}, {"reason", cell.failure}});
  }
  return failures;
}

json running_of(const Coordinator& coordinator) {
  json running = json::array();
  for (int rank = 0; rank < coordinator.num_ranks(); ++rank) {
    const auto activity = coordinator.activity(rank);
    if (!activity) continue;
    json entry{{"rank", rank}, {"host", activity->host}, {"work", activity->work}};
    if (activity->edited_cell) {
      entry["cell"] = activity->edited_cell->name();
      entry["edits_done"] = activity->edits_seen;
      entry["until"] = activity->until;
    }
    running.push_back(std::move(entry));
  }
  return running;
}

/// Null where nothing is going on any more, or nothing is known.
json eta_of(const Coordinator& coordinator) {
  const double seconds = coordinator.remaining_seconds();
  return coordinator.is_stopping() || !std::isfinite(seconds) ? json() : json(std::round(10.0 * seconds) / 10.0);
}

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

void write_status(const ledger::SweepFolder& folder, const Coordinator& coordinator, double edits_per_second) {
  const auto totals = coordinator.backlog().totals();
  json retries = json::array();
  for (const auto& retry : coordinator.backlog().retries()) {
    retries.push_back({{"work", retry.work}, {"reason", retry.reason}, {"failures", retry.num_failures}});
  }
  json last_failure;
  if (const auto& last = coordinator.last_failure()) {
    last_failure = {
        {"work", last->work}, {"class", std::string(core::to_string(last->failure))}, {"reason", last->reason}};
  }
  const json status{
      {"time", core::utc_time_now()},
      {"host", core::host_name()},
      {"pid", ::getpid()},
      {"cells",
       {{"done", totals.num_cells_done},
        {"failed", totals.num_cells_failed},
        {"cancelled", totals.num_cells_cancelled},
        {"all", totals.num_cells}}},
      {"edits", {{"done", totals.edits_done}, {"uncommitted", totals.edits_uncommitted}, {"all", totals.edits}}},
      {"reductions", {{"done", totals.reductions_done}, {"all", totals.reductions}}},
      {"edits_per_second", std::round(1000.0 * edits_per_second) / 1000.0},
      {"eta_seconds", eta_of(coordinator)},
      {"running", running_of(coordinator)},
      {"stopped", coordinator.stop_reason()},
      {"retries", retries},
      {"failures", failures_of(coordinator)},
      {"last_failure", last_failure}};
  ledger::replace_text(folder.status(), status.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
}

RunStatus read_run_status(const ledger::SweepFolder& folder) {
  const auto status = read_status(folder);
  RunStatus run;
  run.time = text_of(status, "time");
  run.host = text_of(status, "host");
  run.pid = text_of(status, "pid");
  run.stopped = text_of(status, "stopped");
  run.edits_per_second = number_of(status, "edits_per_second");
  run.eta_seconds = number_of(status, "eta_seconds");
  for (const auto& entry : entries_of(status, "running")) {
    run.running.push_back({count_of(entry, "rank"), text_of(entry, "host"), text_of(entry, "work"),
                           text_of(entry, "cell"), count_of(entry, "edits_done"), count_of(entry, "until")});
  }
  run.failures = works_of(status, "failures");
  run.retries = works_of(status, "retries");
  if (const auto last = member_of(status, "last_failure"); last.is_object()) {
    run.last_failure = {text_of(last, "work"), text_of(last, "class") + ": " + text_of(last, "reason")};
  }
  return run;
}

}  // namespace lethe::orchestrator::inline display
