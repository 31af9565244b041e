#include "orchestrator/sweep.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iostream>
#include <memory>
#include <thread>
#include <vector>

#include <spdlog/spdlog.h>

#include "comm/in_process_channel.h"
#include "comm/mpi_environment.h"
#include "core/environment.h"
#include "core/error.h"
#include "core/exit_code.h"
#include "core/fault.h"
#include "orchestrator/device_binding.h"
#include "orchestrator/display/progress.h"
#include "orchestrator/display/sweep_status.h"
#include "orchestrator/process/executor_process.h"
#include "orchestrator/process/stop_signals.h"
#include "orchestrator/scheduling/coordinator.h"
#include "orchestrator/supervisor.h"
#include "orchestrator/sweep_start.h"

namespace lethe::orchestrator {
namespace {

constexpr double kStatusSeconds = 5.0;
constexpr double kRefusalSeconds = 10.0;
constexpr int kMaxConsecutiveErrors = 1000;
constexpr int kOutcomeTries = 3;
constexpr std::chrono::milliseconds kOutcomePause(500);
constexpr std::chrono::microseconds kShortestSleep(500);
constexpr std::chrono::microseconds kLongestSleep(4000);

/// A number of seconds from the environment, for tests and for odd machines.
double seconds_from_environment(const char* name, double otherwise) {
  return core::positive_from_environment(name, "seconds").value_or(otherwise);
}

/// The error of a STATE that cannot be written; errno says why.
[[noreturn]] void throw_unwritten(const std::filesystem::path& state) {
  throw core::StorageError(state.string() + ": cannot be replaced: " + std::generic_category().message(errno));
}

/// Rank 0's part: plan, coordinator, display, files about the sweep.
class CoordinatingRank {
 public:
  CoordinatingRank(SweepStart start, const SweepOptions& options, comm::Channel& channel, const Clock& clock,
                   bool is_under_mpi)
      : start_(std::move(start)),
        clock_(clock),
        ledger_(start_.folder),
        journal_(start_.folder.root() / "events.jsonl"),
        coordinator_(coordinator_options(start_, options), start_.config, start_.inspection, ledger_, channel, clock,
                     journal_),
        display_(std::cout, choose_progress_mode(is_under_mpi), clock) {
    display_.note("sweep " + start_.config.name + ": " + std::to_string(start_.config.cells.size()) + " cells, " +
                  std::to_string(channel.size()) + " rank(s), " + start_.folder.root().string());
  }

  Coordinator& coordinator() { return coordinator_; }

  void step(int stop_signal) {
    if (stop_signal != 0 && !coordinator_.is_stopping()) {
      display_.note("signal " + std::to_string(stop_signal) + ": committing what is done, then leaving");
      coordinator_.request_stop("signal " + std::to_string(stop_signal));
    }
    if (start_.ownership->is_lost() && !is_leaving_) leave_folder();
    coordinator_.tick();
    display_.update(coordinator_);
    const bool has_news = coordinator_.setbacks().size() != num_setbacks_written_;
    if (has_news || clock_.now_seconds() - status_seconds_ >= kStatusSeconds) remember_status();
  }

  int finish() {
    display_.finish(coordinator_);
    if (start_.ownership->is_gone()) return core::kExitStopped;
    if (start_.ownership->is_lost()) return core::kExitOwned;  // the other one's STATE stays
    if (!coordinator_.stop_reason().empty()) display_.note("stopped: " + coordinator_.stop_reason());
    remember_status();
    return has_written_outcome() ? exit_code_of(coordinator_.outcome()) : core::kExitStopped;
  }

 private:
  SweepStart start_;
  const Clock& clock_;
  FolderLedgerView ledger_;
  FileJournal journal_;
  Coordinator coordinator_;
  ProgressDisplay display_;
  double status_seconds_ = -1e9;
  std::size_t num_setbacks_written_ = 0;
  bool is_leaving_ = false;

  static CoordinatorOptions coordinator_options(const SweepStart& start, const SweepOptions& options) {
    CoordinatorOptions result;
    result.welcome = {start.folder.root().string(), start.folder.experiment().string(), start.config.device,
                      start.config.threads, start.config.executors_per_gpu};
    result.build = options.build;
    result.retry.delay_seconds = seconds_from_environment("LETHE_RETRY_SECONDS", result.retry.delay_seconds);
    result.scheduler.has_elastic_roles = start.config.elastic_roles;
    return result;
  }

  void leave_folder() {
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
  bool has_written_outcome() {
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

  void remember_status() {
    status_seconds_ = clock_.now_seconds();
    num_setbacks_written_ = coordinator_.setbacks().size();
    std::error_code ignored;
    // A folder that has vanished is noticed at the next beat, and not made again before.
    if (start_.ownership->is_lost() || !std::filesystem::exists(start_.folder.root(), ignored)) return;
    try {
      write_status(start_.folder, coordinator_);
    } catch (const core::StorageError& error) {
      spdlog::warn("{}", error.what());  // it is for people; the sweep goes on
    }
  }
};

/// The ranks that live in this process: one under MPI, all of them without.
class LocalRanks {
 public:
  LocalRanks(std::vector<comm::Channel*> channels, const SweepOptions& options, Zygote& zygote, bool is_under_mpi)
      : channels_(std::move(channels)), options_(options), zygote_(zygote), is_under_mpi_(is_under_mpi) {
    SupervisorOptions supervisor_options;
    supervisor_options.build = options_.build;
    supervisor_options.hang_floor_seconds =
        seconds_from_environment("LETHE_HANG_SECONDS", supervisor_options.hang_floor_seconds);
    for (auto* channel : channels_) {
      supervisors_.push_back(std::make_unique<Supervisor>(
          *channel, clock_,
          [this, rank = channel->rank()](const Welcome& welcome) { return make_executor(rank, welcome); },
          supervisor_options));
    }
  }

  int run() {
    if (channels_.front()->rank() != kCoordinatorRank) return run_until_told_to_quit();
    try {
      auto start = start_sweep(options_, zygote_, [this] {
        leave_if_orphaned();
        return signals_.first() != 0;
      });
      if (!start) return refuse(exit_code_of(Outcome::kIncomplete));
      return coordinate(std::move(*start));
    } catch (const core::ConfigError& error) {
      std::cerr << error.what() << "\n";
      return refuse(core::kExitConfigError);
    } catch (const core::OwnedError& error) {
      std::cerr << error.what() << "\n";
      return refuse(core::kExitOwned);
    } catch (const core::StorageError& error) {
      std::cerr << "lethe: " << error.what() << "\n";
      const auto healing = core::healing_of(core::classify(error));
      return refuse(healing == core::Healing::kSomeoneActs ? core::kExitStopped : core::kExitFailed);
    } catch (const std::exception& error) {
      std::cerr << "lethe: " << error.what() << "\n";
      return refuse(core::kExitFailed);
    }
  }

 private:
  std::vector<comm::Channel*> channels_;
  const SweepOptions& options_;
  Zygote& zygote_;
  bool is_under_mpi_;
  SteadyClock clock_;
  StopSignals signals_;
  pid_t launcher_ = ::getppid();
  std::vector<std::unique_ptr<Supervisor>> supervisors_;
  std::optional<std::vector<std::string>> devices_;
  std::chrono::microseconds sleep_ = kShortestSleep;
  int num_consecutive_errors_ = 0;

  std::unique_ptr<Executor> make_executor(int rank, const Welcome& welcome) {
    if (welcome.device == "cuda" && !devices_) devices_ = visible_devices(zygote_);
    const int local_rank = is_under_mpi_ ? comm::local_rank_from_environment() : rank;
    ExecutorCommandLine command_line;
    command_line.arguments = {options_.executor.string(), "serve", "--experiment",
                              welcome.experiment,         "--out", welcome.out};
    command_line.environment = executor_environment(welcome, local_rank, devices_.value_or(std::vector<std::string>()));
    command_line.num_threads = welcome.threads;
    command_line.kill_grace_seconds =
        seconds_from_environment("LETHE_KILL_GRACE_SECONDS", command_line.kill_grace_seconds);
    const auto log = ledger::SweepFolder(welcome.out).rank_log(rank);
    return std::make_unique<ExecutorProcess>(zygote_, clock_, std::move(command_line), log);
  }

  int coordinate(SweepStart start) {
    CoordinatingRank coordinating(std::move(start), options_, *channels_.front(), clock_, is_under_mpi_);
    while (!coordinating.coordinator().is_finished() || has_unsent()) {
      const bool has_worked = deliver(&coordinating.coordinator()) | step_supervisors();
      coordinating.step(signals_.first());
      pause(has_worked);
    }
    return coordinating.finish();
  }

  int run_until_told_to_quit() {
    bool has_asked_to_stop = false;
    const auto& supervisor = *supervisors_.front();
    while (!supervisor.is_finished() || has_unsent()) {
      const bool has_worked = deliver(nullptr) | step_supervisors();
      if (signals_.first() != 0 && !std::exchange(has_asked_to_stop, true)) supervisors_.front()->request_stop();
      pause(has_worked);
    }
    // Rank 0 alone speaks for the sweep: a launcher kills the other ranks when one returns an error.
    return 0;
  }

  /// Ends all ranks before there is a coordinator, or after it failed.
  int refuse(int exit_code) {
    auto& channel = *channels_.front();
    for (int rank = 0; rank < channel.size(); ++rank) channel.send(rank, to_message(Quit{exit_code}));
    int num_byes = 0;
    const double give_up_seconds = clock_.now_seconds() + kRefusalSeconds;
    while (num_byes < channel.size() && clock_.now_seconds() < give_up_seconds) {
      for (std::size_t i = 0; i < channels_.size(); ++i) {
        while (const auto received = channels_[i]->poll()) {
          if (received->message.type == comm::MessageType::kBye) ++num_byes;
          if (received->message.type == comm::MessageType::kQuit) supervisors_[i]->on_message(received->message);
        }
      }
      step_supervisors();
      pause(false);
    }
    return exit_code;
  }

  /// Hands messages to whom they are for. True if there were any.
  bool deliver(Coordinator* coordinator) {
    bool has_worked = false;
    for (std::size_t i = 0; i < channels_.size(); ++i) {
      // Bounded, so that a flood at one rank does not starve the others.
      for (int count = 0; count < 256 && deliver_one(i, coordinator); ++count) has_worked = true;
    }
    return has_worked;
  }

  bool deliver_one(std::size_t index, Coordinator* coordinator) {
    try {
      const auto received = channels_[index]->poll();
      if (!received) return false;
      using comm::MessageType;
      const auto type = received->message.type;
      const bool is_for_coordinator = type == MessageType::kHello || type == MessageType::kEvent ||
                                      type == MessageType::kStopRequest || type == MessageType::kBye;
      if (!is_for_coordinator) {
        supervisors_[index]->on_message(received->message);
      } else if (coordinator != nullptr && index == 0) {
        coordinator->on_message(*received);
      }
      num_consecutive_errors_ = 0;
    } catch (const ZygoteLost&) {
      throw;
    } catch (const core::CommError& error) {
      // One bad message is dropped: it costs time, never data. A channel that only fails ends the rank.
      spdlog::error("rank={} message dropped: {}", channels_[index]->rank(), error.what());
      if (++num_consecutive_errors_ > kMaxConsecutiveErrors) throw;
    }
    return true;
  }

  bool step_supervisors() {
    bool has_worked = false;
    for (const auto& supervisor : supervisors_) has_worked |= supervisor->step();
    return has_worked;
  }

  [[nodiscard]] bool has_unsent() const {
    return std::ranges::any_of(channels_, [](const auto* channel) { return channel->num_unsent() > 0; });
  }

  /// Once mpirun was killed a new sweep may start at any moment: this one's executors must be gone by then.
  void leave_if_orphaned() const {
    if (is_under_mpi_ && ::getppid() != launcher_) std::_Exit(core::kExitFailed);
  }

  /// Sleeps longer the longer nothing happens: an idle rank must leave its core to the executors.
  void pause(bool has_worked) {
    leave_if_orphaned();
    sleep_ = has_worked ? kShortestSleep : std::min(2 * sleep_, kLongestSleep);
    std::this_thread::sleep_for(sleep_);
  }
};

}  // namespace

int run_sweep(const SweepOptions& options, Zygote& zygote) {
  if (comm::is_launched_by_mpi()) {
    comm::MpiEnvironment environment;
    int exit_code = 0;
    {
      const auto channel = environment.make_channel();
      exit_code = LocalRanks({channel.get()}, options, zygote, true).run();
    }
    environment.finalize(exit_code);
    return exit_code;
  }
  if (const int num_tasks = comm::num_tasks_without_mpi(); num_tasks > 1) {
    throw core::ConfigError("srun started " + std::to_string(num_tasks) +
                            " processes without MPI, each of which would run the whole sweep; use mpirun, or srun "
                            "--mpi=pmix");
  }
  const auto channels = comm::connect_in_process(options.num_ranks);
  std::vector<comm::Channel*> pointers;
  for (const auto& channel : channels) pointers.push_back(channel.get());
  return LocalRanks(std::move(pointers), options, zygote, false).run();
}

}  // namespace lethe::orchestrator
