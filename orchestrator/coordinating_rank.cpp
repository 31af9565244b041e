#include "orchestrator/coordinating_rank.h"

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/environment.h"
#include "core/error.h"
#include "core/exit_code.h"
#include "core/fault.h"
#include "orchestrator/display/status_file.h"
#include "orchestrator/display/terminal_size.h"

namespace lethe::orchestrator {
namespace {

constexpr double kStatusSeconds = 5.0;
constexpr int kOutcomeTries = 3;
constexpr std::chrono::milliseconds kOutcomePause(500);

/// The error of a STATE that cannot be written; errno says why.
[[noreturn]] void throw_unwritten(const std::filesystem::path& state) {
  throw core::StorageError(state.string() + ": cannot be replaced: " + std::generic_category().message(errno));
}

}  // namespace

CoordinatingRank::CoordinatingRank(SweepStart start, const SweepOptions& options, comm::Channel& channel,
                                   const Clock& clock, bool is_under_mpi, std::ostream& out)
    : start_(std::move(start)),
      clock_(clock),
      ledger_(start_.folder),
      journal_(start_.folder.root() / "events.jsonl"),
      coordinator_(coordinator_options(start_, options), start_.config, start_.inspection, ledger_, channel, clock,
                   journal_),
      display_(out, choose_progress_mode(is_under_mpi), clock, [is_under_mpi] { return terminal_size(is_under_mpi); }) {
  display_.note("sweep " + start_.config.name + ": " + std::to_string(start_.config.cells.size()) + " cells, " +
                std::to_string(channel.size()) + " rank(s), " + start_.folder.root().string());
}

void CoordinatingRank::step(int stop_signal) {
  if (stop_signal != 0 && !coordinator_.is_stopping()) {
    coordinator_.request_stop("signal " + std::to_string(stop_signal));
  }
  if (start_.ownership->is_lost() && !is_leaving_) leave_folder();
  coordinator_.tick();
  if (!is_leaving_ && !coordinator_.stop_reason().empty() && !std::exchange(has_told_stop_, true)) {
    display_.note("stopping (" + coordinator_.stop_reason() + "): committing what is done, then leaving");
  }
  display_.update(coordinator_);
  const bool has_news = coordinator_.setbacks().size() != num_setbacks_written_;
  if (has_news || clock_.now_seconds() - status_seconds_ >= kStatusSeconds) remember_status();
}

int CoordinatingRank::finish() {
  display_.finish(coordinator_);
  if (start_.ownership->is_gone()) return core::kExitStopped;
  if (start_.ownership->is_lost()) return core::kExitOwned;  // the other one's STATE stays
  if (!coordinator_.stop_reason().empty()) display_.note("stopped: " + coordinator_.stop_reason());
  remember_status();
  remove_leftovers();
  return has_written_outcome() ? exit_code_of(coordinator_.outcome()) : core::kExitStopped;
}

CoordinatorOptions CoordinatingRank::coordinator_options(const SweepStart& start, const SweepOptions& options) {
  CoordinatorOptions result;
  result.welcome = {start.folder.root().string(), start.folder.experiment().string(), start.config.device,
                    start.config.threads, start.config.executors_per_gpu};
  result.build = options.build;
  result.retry.delay_seconds =
      core::positive_from_environment("LETHE_RETRY_SECONDS", "seconds").value_or(result.retry.delay_seconds);
  result.scheduler.has_elastic_roles = start.config.elastic_roles;
  return result;
}

void CoordinatingRank::leave_folder() {
  is_leaving_ = true;
  if (start_.ownership->is_gone()) {
    const auto reason = start_.folder.root().string() +
                        ": is gone (removed, or its file system was taken away); bring it back and run again";
    display_.note("leaving: " + reason);
    return coordinator_.abandon(reason);
  }
  display_.note("another sweep has taken over this folder: leaving");
  coordinator_.request_stop("another sweep has taken over");
}

/// A run that cannot say how it ended has not ended: STATE is INCOMPLETE since its start, and another run finds
/// everything done.
bool CoordinatingRank::has_written_outcome() {
  std::string reason;
  for (int attempt = 0; attempt < kOutcomeTries; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(kOutcomePause);
    try {
      if (core::fails_at("outcome.write")) throw_unwritten(start_.folder.state());
      write_state(start_.folder, to_string(coordinator_.outcome()));
      return true;
    } catch (const core::StorageError& error) {
      reason = error.what();
    }
  }
  display_.note(reason + "; what is done is committed: run again");
  return false;
}

/// All executors have left.
void CoordinatingRank::remove_leftovers() {
  try {
    remove_old_snapshots(start_.folder, start_.config, start_.inspection);
  } catch (const core::StorageError& error) {
    spdlog::warn("{}; the next start removes what is left", error.what());
  }
}

void CoordinatingRank::remember_status() {
  status_seconds_ = clock_.now_seconds();
  num_setbacks_written_ = coordinator_.setbacks().size();
  std::error_code ignored;
  // A folder that has vanished is noticed at the next beat, and not made again before.
  if (start_.ownership->is_lost() || !std::filesystem::exists(start_.folder.root(), ignored)) return;
  try {
    write_status(start_.folder, coordinator_, display_.edits_per_second());
  } catch (const core::StorageError& error) {
    spdlog::warn("{}", error.what());  // it is for people; the sweep goes on
  }
}

}  // namespace lethe::orchestrator
