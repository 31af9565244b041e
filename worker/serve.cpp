#include "worker/serve.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "core/contract/executor_messages.h"
#include "core/contract_error.h"
#include "core/error.h"
#include "core/fault.h"
#include "core/log.h"
#include "worker/task_runner.h"

namespace lethe::worker {
namespace {

constexpr int kOrphaned = 3;  ///< exit status of an executor whose supervisor vanished

/// The pipe to the supervisor failed: nobody is left to report to.
class SupervisorLost : public core::CommError {
 public:
  using core::CommError::CommError;
};

/// Writes events as lines; a closed pipe means the supervisor is gone.
class EventPipe {
 public:
  explicit EventPipe(int fd) : fd_(fd) {}

  void send(const core::Event& event) {
    const auto line = core::to_json(event) + "\n";
    std::size_t sent = 0;
    while (sent < line.size()) {
      const auto count = core::write_at("event.send", line.size() - sent,
                                        [&](std::size_t size) { return ::write(fd_, line.data() + sent, size); });
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw SupervisorLost(std::string("the supervisor's pipe: ") + std::strerror(errno));
      sent += static_cast<std::size_t>(count);
    }
  }

 private:
  int fd_;
};

/// Commands that have been read and not yet followed.
class CommandQueue {
 public:
  /// Next task to run; nullopt at the end.
  std::optional<core::Task> next_task() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !tasks_.empty() || is_closed_; });
    if (is_closed_ || tasks_.empty()) return std::nullopt;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
  }

  /// Throws what a command was refused with: whoever gave it must learn why nothing more is done.
  void confirm_understood() const {
    const std::scoped_lock lock(mutex_);
    if (!refusal_.empty()) throw core::ContractError(refusal_);
  }

  [[nodiscard]] bool should_stop() const { return should_stop_; }
  [[nodiscard]] bool is_closed() const { return is_closed_; }

  /// False: nothing more is to be read.
  bool take(const std::string& line) {
    try {
      auto command = core::command_from_json(line);
      if (std::holds_alternative<core::QuitCommand>(command)) return false;
      const std::scoped_lock lock(mutex_);
      if (std::holds_alternative<core::StopCommand>(command)) {
        should_stop_ = true;
      } else {
        // A stop means the tasks that came before it, begun or not; this one came after.
        should_stop_ = false;
        tasks_.push_back(std::move(std::get<core::RunCommand>(command).task));
        arrived_.notify_one();
      }
      return true;
    } catch (const std::exception& error) {
      const std::scoped_lock lock(mutex_);
      refusal_ = "a command of the supervisor is refused (" + std::string(error.what()) +
                 "): lethe and lethe-executor are of different builds; install both from one and run again";
      return false;
    }
  }

  void close() {
    const std::scoped_lock lock(mutex_);
    is_closed_ = true;
    should_stop_ = true;
    arrived_.notify_one();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<core::Task> tasks_;
  std::string refusal_;
  std::atomic<bool> is_closed_ = false;
  std::atomic<bool> should_stop_ = false;
};

void read_commands(int fd, CommandQueue& queue) {
  std::string pending;
  char buffer[4096];
  while (true) {
    const auto count = core::fails_at("command.read") ? -1 : ::read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    // The supervisor is gone. A successor may already edit this cell: leave without a word, nothing committed is
    // lost.
    if (count <= 0) std::_Exit(kOrphaned);
    pending.append(buffer, static_cast<std::size_t>(count));
    for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
      if (!queue.take(pending.substr(0, end))) return queue.close();
      pending.erase(0, end + 1);
    }
  }
}

/// Reads commands on a thread of its own, so that a stop reaches a running task.
class CommandReader {
 public:
  explicit CommandReader(int fd) : thread_([fd, queue = queue_] { read_commands(fd, *queue); }) {}
  ~CommandReader() {
    // After Quit the thread is ending. Otherwise an error is unwinding, and the thread stays blocked in read(): what it
    // uses is its own as well.
    if (queue_->is_closed()) {
      thread_.join();
    } else {
      thread_.detach();
    }
  }
  CommandReader(const CommandReader&) = delete;
  CommandReader& operator=(const CommandReader&) = delete;

  [[nodiscard]] CommandQueue& queue() const { return *queue_; }

 private:
  std::shared_ptr<CommandQueue> queue_ = std::make_shared<CommandQueue>();
  std::thread thread_;
};

class PipeMonitor final : public TaskMonitor {
 public:
  PipeMonitor(EventPipe& events, const CommandQueue& commands) : events_(events), commands_(commands) {}

  void progress(std::string_view stage, std::int64_t done, std::int64_t total, double seconds) override {
    events_.send(core::ProgressEvent{std::string(stage), done, total, seconds});
  }
  void committed(const std::filesystem::path& file, std::int64_t edits) override {
    events_.send(core::CommittedEvent{file.string(), edits});
  }
  [[nodiscard]] bool should_stop() const override { return commands_.should_stop(); }

 private:
  EventPipe& events_;
  const CommandQueue& commands_;
};

core::Event run_to_event(TaskRunner& runner, const core::Task& task, TaskMonitor& monitor) {
  try {
    core::fault_point("task.begin");
    const auto result = runner.run(task, monitor);
    if (result.is_complete) return core::DoneEvent{};
    return core::StoppedEvent{result.edits};
  } catch (const SupervisorLost&) {
    throw;
  } catch (const std::exception& error) {
    core::log_error(core::log_field("task", core::describe(task)) + " failed: " + error.what());
    const auto failure = core::classify(error);
    // After a GPU's error every later call of this process fails too: leave, and the supervisor starts another one.
    if (failure == core::FailureClass::kCrash) throw;
    return core::FailedEvent{failure, error.what(), 0};
  }
}

}  // namespace

void serve(Workspace& workspace, int command_fd, int event_fd) {
  EventPipe events(event_fd);
  const CommandReader reader(command_fd);
  auto& commands = reader.queue();
  PipeMonitor monitor(events, commands);
  TaskRunner runner(workspace);
  events.send(core::ReadyEvent{::getpid(), workspace.config().device});
  while (const auto task = commands.next_task()) {
    const auto event = run_to_event(runner, *task, monitor);
    commands.confirm_understood();  // else a refusal would be told as a stop
    events.send(event);
  }
  commands.confirm_understood();
}

void tell_departure(const std::exception& error, int event_fd) {
  core::log_error("leaving: " + std::string(error.what()));
  if (dynamic_cast<const SupervisorLost*>(&error) != nullptr) return;
  try {
    EventPipe(event_fd).send(core::LeavingEvent{core::classify(error), error.what()});
  } catch (const SupervisorLost&) {
    return;  // it sees the exit
  }
}

}  // namespace lethe::worker
