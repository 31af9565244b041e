#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "comm/channel.h"
#include "orchestrator/process/clock.h"
#include "orchestrator/process/executor.h"
#include "orchestrator/scheduling/hang_detector.h"
#include "orchestrator/scheduling/protocol.h"

namespace lethe::orchestrator {

struct SupervisorOptions {
  std::string build;                       ///< compared with the coordinator's
  double hang_floor_seconds = 120.0;       ///< least time without progress that counts as a hang
  double progress_interval_seconds = 0.5;  ///< progress is forwarded at most this often
  double quit_grace_seconds = 10.0;        ///< an idle executor that does not leave by then is killed
};

/// A rank's part of the sweep: takes assignments from the coordinator, keeps one executor alive to run them, passes
/// on what it says, and turns its death, garbage or silence into a failure of the task at hand. Holds no model and
/// no files; never waits.
class Supervisor {
 public:
  /// Makes the executor when the coordinator has said where the sweep is.
  using ExecutorFactory = std::function<std::unique_ptr<Executor>(const Welcome&)>;

  /// Says hello. `channel` and `clock` must outlive it.
  Supervisor(comm::Channel& channel, const Clock& clock, ExecutorFactory make_executor, SupervisorOptions options);

  /// Takes a message of type kWelcome, kAssign, kStop, kStopTask or kQuit; others are refused with `core::CommError`.
  void on_message(const comm::Message& message);

  /// Carries on: executor's events, hang detection, shutdown. True if something happened.
  bool step();

  /// Asks the coordinator to stop the sweep (this rank got a signal).
  void request_stop();

  /// The executor is gone and the coordinator has been told.
  [[nodiscard]] bool is_finished() const { return has_said_bye_; }
  /// What the coordinator said the process should exit with.
  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  struct Running {
    core::Task task;
    std::uint64_t epoch = 0;
    double expected_step_seconds = 0.0;
    bool is_sent = false;  // the executor has got it
    std::optional<core::ProgressEvent> unsent_progress;
    double unsent_seconds = 0.0;  // summed over the steps since the last forwarded progress
    std::int64_t unsent_steps = 0;
    double forwarded_at_seconds = -1e9;
  };

  comm::Channel& channel_;
  const Clock& clock_;
  ExecutorFactory make_executor_;
  SupervisorOptions options_;
  std::unique_ptr<Executor> executor_;
  HangDetector hangs_;
  bool is_ready_ = false;     // the executor takes commands
  bool is_stopping_ = false;  // the sweep stops: no task will follow
  bool is_quitting_ = false;
  bool has_said_bye_ = false;
  int exit_code_ = 0;
  double quit_by_seconds_ = 0.0;
  std::optional<Running> running_;
  std::string kill_reason_;  // why the executor is being killed, empty if it is not
  core::FailureClass kill_class_ = core::FailureClass::kCrash;

  void assign(const comm::Message& message);
  void stop();
  void stop_task(std::uint64_t epoch);
  void quit(int exit_code);
  void start_executor();
  void fail_to_start(core::FailureClass failure, const std::string& reason);
  void hand_over_task();
  void check_deadlines();

  void on_report(ExecutorReport report);
  void on_event(const core::Event& event);
  void on_leaving(const core::LeavingEvent& leaving);
  void on_progress(const core::ProgressEvent& progress);
  void on_exit(int wait_status);
  void flush_progress();
  void finish_task(const core::Event& event);
  void kill_executor(core::FailureClass failure, std::string reason);
  void forward(const core::Event& event);
};

}  // namespace lethe::orchestrator
