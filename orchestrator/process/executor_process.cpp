#include "orchestrator/process/executor_process.h"

#include <cerrno>
#include <csignal>
#include <cstring>

#include "core/contract_error.h"
#include "core/error.h"
#include "core/fault.h"
#include "orchestrator/process/pipe.h"

namespace lethe::orchestrator::inline process {
namespace {

constexpr int kTailLines = 12;

}  // namespace

ExecutorProcess::ExecutorProcess(Zygote& zygote, const Clock& clock, ExecutorCommandLine command_line,
                                 const std::filesystem::path& log)
    : zygote_(zygote), clock_(clock), command_line_(std::move(command_line)), log_(log) {}

ExecutorProcess::~ExecutorProcess() {
  if (!is_alive()) return;
  try {
    zygote_.signal_group(pid_, SIGKILL);
  } catch (const std::exception& error) {
    log_.line(error.what());  // the zygote is gone, and with it the executor
  }
}

void ExecutorProcess::start() {
  auto commands = make_pipe();
  auto events = make_pipe();
  SpawnRequest request;
  request.arguments = command_line_.arguments;
  request.environment = command_line_.environment;
  request.num_processors = command_line_.num_threads;
  request.standard_input = commands.read_end.get();
  request.standard_output = log_.descriptor();
  request.standard_error = log_.descriptor();
  request.events = events.write_end.get();
  pid_ = zygote_.spawn(request);
  set_nonblocking(commands.write_end.get());
  commands_ = std::move(commands.write_end);
  events_ = LineReader(std::move(events.read_end));
  exit_status_.reset();
  kill_at_seconds_.reset();
  log_.line("executor started pid=" + std::to_string(pid_));
}

void ExecutorProcess::send(const core::Command& command) {
  if (!is_alive() || !commands_) return;
  const auto line = core::to_json(command) + "\n";
  const auto count = core::write_at("command.send", line.size(),
                                    [&](std::size_t size) { return ::write(commands_.get(), line.data(), size); });
  if (count == static_cast<ssize_t>(line.size())) return;
  // EPIPE: it has exited, which is reported by itself. A full pipe means that it reads nothing: it hangs.
  log_.line(std::string("command not delivered: ") + (count < 0 ? std::strerror(errno) : "pipe is full"));
  if (count >= 0 || errno != EPIPE) kill();
}

std::optional<ExecutorReport> ExecutorProcess::next_event() {
  try {
    const auto line = events_.next();
    if (!line) return std::nullopt;
    return core::event_from_json(*line);
  } catch (const core::ContractError& error) {
    return ExecutorGarbage{std::string(error.what()) + ": lethe and " + command_line_.arguments.front() +
                               " are of different builds; install both from one and run again",
                           core::FailureClass::kConfig};
  } catch (const core::Error& error) {
    return ExecutorGarbage{error.what()};
  }
}

std::optional<ExecutorReport> ExecutorProcess::poll() {
  if (!is_alive()) return std::nullopt;
  // The exit is asked for first: whatever the process wrote is then in the pipe already.
  if (!exit_status_) exit_status_ = zygote_.take_exit(pid_);
  if (auto event = next_event()) return event;
  if (exit_status_) {
    log_.line("executor ended pid=" + std::to_string(pid_) + " " + describe_exit(*exit_status_));
    pid_ = -1;
    commands_.reset();
    return ExecutorExited{*exit_status_};
  }
  if (kill_at_seconds_ && clock_.now_seconds() >= *kill_at_seconds_) {
    zygote_.signal_group(pid_, SIGKILL);
    kill_at_seconds_.reset();
  }
  return std::nullopt;
}

void ExecutorProcess::kill() {
  if (!is_alive() || kill_at_seconds_) return;
  commands_.reset();  // an executor that still listens leaves at the end of its input
  zygote_.signal_group(pid_, SIGTERM);
  kill_at_seconds_ = clock_.now_seconds() + command_line_.kill_grace_seconds;
}

std::string ExecutorProcess::log_tail() const { return log_.tail(kTailLines); }

}  // namespace lethe::orchestrator::inline process
