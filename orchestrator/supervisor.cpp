#include "orchestrator/supervisor.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <utility>

#include "core/error.h"
#include "core/fault.h"
#include "core/host_name.h"
#include "orchestrator/process/zygote.h"

namespace lethe::orchestrator {
namespace {

/// Steps of tasks of one kind take alike: the kind of task, its method and model.
std::string kind_of(const core::Task& task) {
  struct Kind {
    std::string operator()(const core::PrerequisiteTask& one) const {
      return one.kind + (one.slice ? " slice " : " ") + one.model;
    }
    std::string operator()(const core::EditTask& one) const { return "edit " + one.cell.method + "/" + one.cell.model; }
    std::string operator()(const core::ReduceTask& one) const { return "reduce " + one.cell.model; }
  };
  return std::visit(Kind{}, task);
}

bool ends_task(const core::Event& event) {
  return std::holds_alternative<core::DoneEvent>(event) || std::holds_alternative<core::StoppedEvent>(event) ||
         std::holds_alternative<core::FailedEvent>(event);
}

std::string seconds_text(double seconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s", seconds);
  return text.data();
}

}  // namespace

Supervisor::Supervisor(comm::Channel& channel, const Clock& clock, ExecutorFactory make_executor,
                       SupervisorOptions options)
    : channel_(channel),
      clock_(clock),
      make_executor_(std::move(make_executor)),
      options_(std::move(options)),
      hangs_(options_.hang_floor_seconds) {
  channel_.send(kCoordinatorRank, to_message(Hello{core::host_name(), ::getpid(), options_.build}));
}

void Supervisor::on_message(const comm::Message& message) {
  switch (message.type) {
    case comm::MessageType::kWelcome:
      executor_ = make_executor_(welcome_from(message));
      start_executor();  // loading libraries overlaps with the coordinator's planning
      return;
    case comm::MessageType::kAssign:
      return assign(message);
    case comm::MessageType::kStop:
      return stop();
    case comm::MessageType::kStopTask:
      return stop_task(message.epoch);
    case comm::MessageType::kQuit:
      return quit(quit_from(message).exit_code);
    default:
      throw core::CommError("a rank got a message of type " + std::to_string(static_cast<int>(message.type)) +
                            ", which only the coordinator takes");
  }
}

void Supervisor::assign(const comm::Message& message) {
  if (!executor_) throw core::CommError("a task was assigned before the welcome");
  if (running_) throw core::CommError("a task was assigned while another runs: " + core::describe(running_->task));
  core::fault_point("supervisor.assign");
  auto assignment = assignment_from(message);
  Running running;
  running.task = std::move(assignment.task);
  running.epoch = message.epoch;
  running.expected_step_seconds = assignment.expected_step_seconds;
  running_ = std::move(running);
  hangs_.begin(kind_of(running_->task), running_->expected_step_seconds, clock_.now_seconds());
  executor_->mark_log();
  executor_->log("task \"" + core::describe(running_->task) + "\"");
  if (!executor_->is_alive()) start_executor();
  hand_over_task();
}

void Supervisor::start_executor() {
  is_ready_ = false;
  kill_reason_.clear();
  try {
    executor_->start();
  } catch (const ZygoteLost&) {
    throw;
  } catch (const UnusableProgram& error) {
    fail_to_start(core::FailureClass::kConfig, error.what());
  } catch (const core::CommError& error) {
    fail_to_start(core::FailureClass::kInfrastructure, error.what());
  }
}

void Supervisor::fail_to_start(core::FailureClass failure, const std::string& reason) {
  executor_->log(reason);
  if (running_) finish_task(core::FailedEvent{failure, reason, 0});
}

void Supervisor::hand_over_task() {
  if (!running_ || running_->is_sent || !is_ready_) return;
  running_->is_sent = true;
  executor_->send(core::RunCommand{running_->task});
}

void Supervisor::stop() {
  is_stopping_ = true;
  if (!running_) return;
  if (!running_->is_sent) return finish_task(core::StoppedEvent{0});
  executor_->send(core::StopCommand{});
  // Nothing follows: the executor may leave when it has answered.
  executor_->send(core::QuitCommand{});
}

/// The executor stays for the next one.
void Supervisor::stop_task(std::uint64_t epoch) {
  if (is_stopping_ || !running_ || running_->epoch != epoch) return;  // it has ended meanwhile
  if (!running_->is_sent) return finish_task(core::StoppedEvent{0});
  executor_->send(core::StopCommand{});
}

void Supervisor::quit(int exit_code) {
  is_quitting_ = true;
  exit_code_ = exit_code;
  quit_by_seconds_ = clock_.now_seconds() + options_.quit_grace_seconds;
  if (!executor_ || !executor_->is_alive()) return;
  if (running_) return kill_executor(core::FailureClass::kInfrastructure, "the sweep ends");
  executor_->send(core::QuitCommand{});
}

void Supervisor::request_stop() { channel_.send(kCoordinatorRank, empty_message(comm::MessageType::kStopRequest)); }

bool Supervisor::step() {
  bool has_worked = false;
  while (executor_) {
    auto report = executor_->poll();
    if (!report) break;
    has_worked = true;
    on_report(std::move(*report));
  }
  check_deadlines();
  if (is_quitting_ && !has_said_bye_ && (!executor_ || !executor_->is_alive())) {
    channel_.send(kCoordinatorRank, empty_message(comm::MessageType::kBye));
    has_said_bye_ = true;
    return true;
  }
  return has_worked;
}

void Supervisor::check_deadlines() {
  if (!executor_ || !executor_->is_alive() || !kill_reason_.empty()) return;
  const double now = clock_.now_seconds();
  if (is_quitting_ && now >= quit_by_seconds_) {
    return kill_executor(core::FailureClass::kInfrastructure, "the executor does not leave");
  }
  if (running_ && hangs_.is_hung(now)) {
    kill_executor(core::FailureClass::kHang, "no progress for " + seconds_text(hangs_.seconds_since_progress(now)) +
                                                 " (limit " + seconds_text(hangs_.limit_seconds()) + ")");
  }
}

void Supervisor::kill_executor(core::FailureClass failure, std::string reason) {
  kill_reason_ = std::move(reason);
  kill_class_ = failure;
  executor_->log("killing the executor: " + kill_reason_);
  executor_->kill();
}

void Supervisor::on_report(ExecutorReport report) {
  if (const auto* event = std::get_if<core::Event>(&report)) return on_event(*event);
  if (const auto* garbage = std::get_if<ExecutorGarbage>(&report)) {
    if (kill_reason_.empty()) {
      kill_executor(garbage->failure, "the executor wrote what is no event: " + garbage->reason);
    }
    return;
  }
  on_exit(std::get<ExecutorExited>(report).wait_status);
}

void Supervisor::on_event(const core::Event& event) {
  core::fault_point("supervisor.event");
  if (std::holds_alternative<core::ReadyEvent>(event)) {
    is_ready_ = true;
    if (running_) hangs_.begin(kind_of(running_->task), running_->expected_step_seconds, clock_.now_seconds());
    return hand_over_task();
  }
  if (const auto* leaving = std::get_if<core::LeavingEvent>(&event)) return on_leaving(*leaving);
  if (!running_ || !running_->is_sent) return;  // of a task that was given up
  if (const auto* progress = std::get_if<core::ProgressEvent>(&event)) return on_progress(*progress);
  flush_progress();
  if (ends_task(event)) return finish_task(event);
  forward(event);
}

/// A task that is assigned before the exit fails with the same reason.
void Supervisor::on_leaving(const core::LeavingEvent& leaving) {
  if (kill_reason_.empty()) kill_executor(leaving.failure, "the executor leaves: " + leaving.reason);
}

void Supervisor::on_progress(const core::ProgressEvent& progress) {
  const double now = clock_.now_seconds();
  hangs_.progress(progress.stage, progress.seconds, now);
  if (running_->unsent_progress && running_->unsent_progress->stage != progress.stage) flush_progress();
  running_->unsent_progress = progress;
  running_->unsent_seconds += progress.seconds;
  ++running_->unsent_steps;
  if (now - running_->forwarded_at_seconds >= options_.progress_interval_seconds) flush_progress();
}

void Supervisor::flush_progress() {
  if (!running_->unsent_progress) return;
  auto progress = *std::exchange(running_->unsent_progress, std::nullopt);
  progress.seconds = running_->unsent_seconds / static_cast<double>(running_->unsent_steps);
  running_->unsent_seconds = 0.0;
  running_->unsent_steps = 0;
  running_->forwarded_at_seconds = clock_.now_seconds();
  forward(progress);
}

void Supervisor::on_exit(int wait_status) {
  is_ready_ = false;
  const auto how = describe_exit(wait_status);
  const bool was_killed_here = !kill_reason_.empty();
  if (!running_) return;
  flush_progress();
  if (is_stopping_ && running_->is_sent && !was_killed_here) return finish_task(core::StoppedEvent{0});
  auto reason = was_killed_here ? kill_reason_ : "the executor died of " + how;
  // Ours never does: it says why it leaves.
  if (!was_killed_here && wait_status == 0) reason += " before its task was done, as a program of another build may";
  if (const auto tail = executor_->log_tail(); !tail.empty()) reason += "; last log lines:\n" + tail;
  finish_task(core::FailedEvent{was_killed_here ? kill_class_ : core::FailureClass::kCrash, reason, 0});
}

void Supervisor::finish_task(const core::Event& event) {
  forward(event);
  running_.reset();
}

void Supervisor::forward(const core::Event& event) {
  channel_.send(kCoordinatorRank, to_message(event, running_->epoch));
}

}  // namespace lethe::orchestrator
