#include "orchestrator/display/sweep_status.h"

#include <algorithm>
#include <charconv>
#include <ostream>

#include <spdlog/fmt/fmt.h>
#include <nlohmann/json.hpp>

#include "orchestrator/display/duration.h"
#include "orchestrator/scheduling/outcome.h"

namespace lethe::orchestrator::inline display {
namespace {

using nlohmann::json;

constexpr std::size_t kReasonLength = 240;
constexpr std::size_t kMaxRetriesTold = 10;

struct Sums {
  std::int64_t edits = 0, edits_done = 0, uncommitted = 0, reductions = 0, reductions_done = 0;
  std::int64_t cells_done = 0, cells_failed = 0, cells_cancelled = 0;
};

Sums sums_of(const SweepLook& look) {
  Sums sums;
  for (const auto& row : look.cells) {
    sums.edits += row.progress.edits_wanted();
    sums.edits_done += row.progress.edits_done;
    if (!row.progress.is_cancelled) sums.uncommitted += row.uncommitted;
    sums.reductions += row.progress.reductions;
    sums.reductions_done += row.progress.reductions_done();
    if (row.progress.is_complete() && !row.progress.is_cancelled) ++sums.cells_done;
    if (row.progress.is_cancelled) ++sums.cells_cancelled;
    if (row.state() == "failed") ++sums.cells_failed;
  }
  return sums;
}

std::string first_line(const std::string& text) {
  auto line = text.substr(0, text.find('\n'));
  if (line.size() > kReasonLength) line = line.substr(0, kReasonLength) + "...";
  return line;
}

/// "process 4711 on host7, Slurm job 99".
std::string name_of(const ledger::OwnerLook& owner) {
  auto text =
      owner.pid.empty() ? std::string("an unknown process") : fmt::format("process {} on {}", owner.pid, owner.host);
  if (!owner.job.empty()) text += ", Slurm job " + owner.job;
  return text;
}

/// "its process runs on this host, last beat 0.4 s ago".
std::string evidence_of(const ledger::OwnerLook& owner) {
  auto text = owner.how;
  if (owner.beat_age_seconds && owner.life != ledger::OwnerLife::kReleased) {
    text += *owner.beat_age_seconds < 60.0 ? fmt::format(", last beat {:.1f} s ago", *owner.beat_age_seconds)
                                           : ", last beat " + format_duration(*owner.beat_age_seconds) + " ago";
  }
  return text;
}

void print_owner(const SweepLook& look, std::ostream& out) {
  constexpr const char* kGoOn = "the same command goes on from what is committed";
  if (look.phase == SweepPhase::kRunning) {
    out << fmt::format("running: {}; {}\n", name_of(*look.owner), evidence_of(*look.owner));
  } else if (look.phase == SweepPhase::kCells) {
    out << "no sweep is at work, but these are:\n";
  } else if (look.phase == SweepPhase::kDead) {
    out << fmt::format("dead: {} did not end in order: killed, or its host went down ({}); {}\n", name_of(*look.owner),
                       evidence_of(*look.owner), kGoOn);
  } else if (look.phase == SweepPhase::kUnknown) {
    out << fmt::format("unknown whether it runs: {}; {}; look again with --watch\n", name_of(*look.owner),
                       evidence_of(*look.owner));
  } else if (look.phase == SweepPhase::kStopped && look.run.stopped.empty()) {
    out << "stopped: nobody is at work here; " << kGoOn << '\n';
  }
  if (!look.run.stopped.empty() && look.phase == SweepPhase::kRunning && look.is_run_the_owners) {
    out << "stopping: " << look.run.stopped << '\n';
  } else if (!look.run.stopped.empty() && look.phase != SweepPhase::kRunning) {
    out << "stopped: " << look.run.stopped << '\n';
  }
  for (const auto& owner : look.other_owners) {
    out << fmt::format("{}: {}; {}\n", owner.key, name_of(owner), evidence_of(owner));
  }
}

/// How fast it goes, while it does.
void print_pace(const SweepLook& look, std::ostream& out) {
  if (look.phase != SweepPhase::kRunning) return;
  if (!look.is_run_the_owners) {
    out << "it is starting: nothing is known of its pace yet\n";
    return;
  }
  const auto sums = sums_of(look);
  out << fmt::format("edits {} of {}", sums.edits_done + sums.uncommitted, sums.edits);
  if (sums.uncommitted > 0) out << fmt::format(" ({} not committed yet)", sums.uncommitted);
  if (look.run.edits_per_second) out << fmt::format(", {:.3g} a second", *look.run.edits_per_second);
  out << ", ETA " << (look.run.eta_seconds ? format_duration(*look.run.eta_seconds) : "unknown");
  out << fmt::format(" (as of {})\n", look.run.time);
}

/// What keeps the sweep from its end: the folder itself, what is being tried again, what is not made yet.
void print_troubles(const SweepLook& look, std::ostream& out) {
  if (!look.trouble.empty()) out << look.trouble << '\n';
  std::size_t num_told = 0;
  for (const auto& retry : look.run.retries) {
    if (++num_told > kMaxRetriesTold) {
      out << fmt::format("... and {} more are tried again\n", look.run.retries.size() - kMaxRetriesTold);
      break;
    }
    out << fmt::format("tried again: {}: {}\n", retry.work, first_line(retry.reason));
  }
}

std::string word_of(const CellStatus& row) {
  const auto state = row.state();
  if (state == "failed") return "FAILED " + first_line(row.failure);
  if (state == "cancelled") return row.cancel_reason.empty() ? state : state + ": " + first_line(row.cancel_reason);
  if (state == "done" && row.progress.collapsed_at) {
    return fmt::format("ended at edit {}: collapsed at {}", row.progress.edits, *row.progress.collapsed_at);
  }
  if (state == "running") return fmt::format("running ({})", row.progress.edits_done + row.uncommitted);
  return state == "open" ? "-" : state;
}

void print_cells(const SweepLook& look, std::ostream& out) {
  std::size_t width = 4;
  for (const auto& row : look.cells) width = std::max(width, row.cell.name().size());
  const auto line = [&](const std::string& name, std::int64_t edits_done, std::int64_t edits,
                        std::int64_t reductions_done, std::int64_t reductions, const std::string& word) {
    out << fmt::format("{:<{}}  {:>13}  {:>13}  {}\n", name, width, fmt::format("{}/{}", edits_done, edits),
                       fmt::format("{}/{}", reductions_done, reductions), word);
  };
  out << fmt::format("{:<{}}  {:>13}  {:>13}  {}\n", "cell", width, "edits", "reductions", "state");
  for (const auto& row : look.cells) {
    line(row.cell.name(), row.progress.edits_done, row.progress.edits, row.progress.reductions_done(),
         row.progress.reductions, word_of(row));
  }
  const auto sums = sums_of(look);
  line("all", sums.edits_done, sums.edits, sums.reductions_done, sums.reductions,
       fmt::format("{} of {} cells done", sums.cells_done, look.cells.size()) +
           (sums.cells_cancelled > 0 ? fmt::format(", {} cancelled", sums.cells_cancelled) : std::string()));
}

json number_or_null(const std::string& digits) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc{} && end == digits.data() + digits.size() ? json(number) : json();
}

json number_or_null(const std::optional<double>& number) { return number ? json(*number) : json(); }

json json_of(const ledger::OwnerLook& owner) {
  return {{"key", owner.key},
          {"host", owner.host},
          {"pid", number_or_null(owner.pid)},
          {"job", owner.job},
          {"life", std::string(ledger::to_string(owner.life))},
          {"is_certain", owner.is_certain},
          {"how", owner.how},
          {"beat", owner.beat},
          {"is_beat_still", owner.is_beat_still},
          {"beat_age_seconds", number_or_null(owner.beat_age_seconds)}};
}

json json_of(const std::vector<RunStatus::Work>& works) {
  json list = json::array();
  for (const auto& work : works) list.push_back({{"work", work.work}, {"reason", work.reason}});
  return list;
}

json cells_of(const SweepLook& look) {
  json list = json::array();
  for (const auto& row : look.cells) {
    list.push_back({{"cell", row.cell.name()},
                    {"edits_done", row.progress.edits_done},
                    {"edits_uncommitted", row.uncommitted},
                    {"edits", row.progress.edits},
                    {"edits_asked", row.progress.edits_asked},
                    {"collapsed_at", row.progress.collapsed_at ? json(*row.progress.collapsed_at) : json()},
                    {"reductions_done", row.progress.reductions_done()},
                    {"reductions", row.progress.reductions},
                    {"state", row.state()},
                    {"is_cancelled", row.progress.is_cancelled},
                    {"cancel_reason", row.cancel_reason},
                    {"failure", row.failure}});
  }
  return list;
}

json running_of(const SweepLook& look) {
  json list = json::array();
  if (look.phase != SweepPhase::kRunning || !look.is_run_the_owners) return list;
  for (const auto& running : look.run.running) {
    list.push_back({{"rank", running.rank}, {"host", running.host}, {"work", running.work}});
  }
  return list;
}

json prerequisites_of(const SweepLook& look) {
  json list = json::array();
  for (const auto& one : look.open_prerequisites) {
    list.push_back({{"title", one.title}, {"slices_done", one.slices_done}, {"slices", one.num_slices}});
  }
  return list;
}

}  // namespace

void print_status(const SweepLook& look, std::ostream& out) {
  out << fmt::format("{}: {}\n", look.folder, look.state.empty() ? "no STATE yet" : look.state);
  const bool is_complete = look.phase == SweepPhase::kComplete;
  if (!is_complete) {
    print_owner(look, out);
    print_pace(look, out);
    print_troubles(look, out);
  }
  if (!look.missing.empty()) out << look.missing << '\n';
  for (const auto& one : look.open_prerequisites) {
    out << one.title << ": not done";
    if (one.num_slices > 1) out << fmt::format(" ({} of {} slices)", one.slices_done, one.num_slices);
    out << '\n';
  }
  print_cells(look, out);
  if (is_complete || !look.run.last_failure) return;
  out << fmt::format("last failure, of {}:\n  ", look.run.last_failure->work);
  for (const char c : look.run.last_failure->reason) out << (c == '\n' ? "\n  " : std::string(1, c));
  out << '\n';
}

void print_status_json(const SweepLook& look, std::ostream& out) {
  const auto sums = sums_of(look);
  const bool has_pace = look.phase == SweepPhase::kRunning && look.is_run_the_owners;
  const auto pace = [&](const std::optional<double>& number) { return has_pace ? number_or_null(number) : json(); };
  json others = json::array();
  for (const auto& owner : look.other_owners) others.push_back(json_of(owner));
  const auto& last = look.run.last_failure;
  const json status{{"folder", look.folder},
                    {"phase", std::string(to_string(look.phase))},
                    {"state", look.state},
                    {"owner", look.owner ? json_of(*look.owner) : json()},
                    {"other_owners", others},
                    {"written", look.run.time},
                    {"stopped", look.run.stopped},
                    {"trouble", look.trouble},
                    {"missing", look.missing},
                    {"edits", {{"done", sums.edits_done}, {"uncommitted", sums.uncommitted}, {"all", sums.edits}}},
                    {"reductions", {{"done", sums.reductions_done}, {"all", sums.reductions}}},
                    {"cells_done", sums.cells_done},
                    {"cells_failed", sums.cells_failed},
                    {"cells_cancelled", sums.cells_cancelled},
                    {"cells", cells_of(look)},
                    {"prerequisites", prerequisites_of(look)},
                    {"edits_per_second", pace(look.run.edits_per_second)},
                    {"eta_seconds", pace(look.run.eta_seconds)},
                    {"running", running_of(look)},
                    {"retries", json_of(look.run.retries)},
                    {"failures", json_of(look.run.failures)},
                    {"last_failure", last ? json{{"work", last->work}, {"reason", last->reason}} : json()}};
  out << status.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
}

}  // namespace lethe::orchestrator::inline display
