#include "orchestrator/sweep.h"

#include <unistd.h>

#include <algorithm>
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
#include "core/stop_signals.h"
#include "orchestrator/coordinating_rank.h"
#include "orchestrator/device_binding.h"
#include "orchestrator/process/executor_process.h"
#include "orchestrator/process/stop_signals.h"
#include "orchestrator/supervisor.h"
#include "orchestrator/sweep_start.h"

namespace lethe::orchestrator {
namespace {

constexpr double kRefusalSeconds = 10.0;
constexpr int kMaxConsecutiveErrors = 1000;
constexpr std::chrono::microseconds kShortestSleep(500);
constexpr std::chrono::microseconds kLongestSleep(4000);

/// A number of seconds from the environment, for tests and for odd machines.
double seconds_from_environment(const char* name, double otherwise) {
  return core::positive_from_environment(name, "seconds").value_or(otherwise);
}

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
      auto start = prepared_start();
      if (!start) {
        std::cerr << core::stop_text(signals_.first()) << "\n";
        return refuse(exit_code_of(Outcome::kIncomplete));
      }
      return coordinate(std::move(*start));
    } catch (const std::exception& error) {
      std::cerr << core::last_words(error) << "\n";
      return refuse(core::exit_code_of(error));
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

  /// nullopt if told to stop.
  std::optional<SweepStart> prepared_start() {
    const auto should_stop = [this] {
      leave_if_orphaned();
      return signals_.first() != 0;
    };
    auto options = options_;
    if (options.prepare && !options.prepare(options, should_stop)) return std::nullopt;
    return start_sweep(options, zygote_, should_stop);
  }

  int coordinate(SweepStart start) {
    CoordinatingRank coordinating(std::move(start), options_, *channels_.front(), clock_, is_under_mpi_, std::cout);
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

void refuse_ranks_under_mpi() {
  if (!comm::is_launched_by_mpi()) return;
  throw core::ConfigError("--ranks is for sweeps without MPI; under mpirun the number of ranks is mpirun's -n");
}

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
