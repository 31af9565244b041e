#pragma once

#include <optional>
#include <string>
#include <variant>

#include "core/contract/executor_messages.h"
#include "core/error.h"
#include "core/patience.h"

namespace lethe::orchestrator::inline process {

/// A program that will not be executed at the next try either: it is not there, no program, or forbidden.
class UnusableProgram : public core::CommError {
 public:
  using core::CommError::CommError;
};
/// The process that starts executors is gone, and with it all of them. The rank ends; another run has its own.
class ZygoteLost : public core::RefusedError {
 public:
  using core::RefusedError::RefusedError;
};

/// The executor wrote something that is no event; it cannot be trusted any more.
struct ExecutorGarbage {
  std::string reason;
  /// A crash where the bytes are no event of anybody's; config where they are one of another build's.
  core::FailureClass failure = core::FailureClass::kCrash;
};
/// The process is gone and reaped.
struct ExecutorExited {
  int wait_status = 0;
};
using ExecutorReport = std::variant<core::Event, ExecutorGarbage, ExecutorExited>;

/// The process under a supervisor that holds the model. Can be started again after it has exited.
class Executor {
 public:
  virtual ~Executor() = default;

  /// Starts the process. Throws `UnusableProgram` if it cannot be executed, `core::CommError` where the system refuses
  /// a process or its pipes for now, `ZygoteLost`.
  virtual void start() = 0;
  /// Started and not yet reported as exited.
  [[nodiscard]] virtual bool is_alive() const = 0;
  /// Writes a command; one that cannot be delivered is dropped, since an exit report follows.
  virtual void send(const core::Command& command) = 0;
  /// Next report, without waiting. `ExecutorExited` comes last.
  virtual std::optional<ExecutorReport> poll() = 0;
  /// Ends its input and sends SIGTERM to the process group, SIGKILL after a grace time; `poll` carries that on and
  /// reports the exit.
  virtual void kill() = 0;

  /// Only output from now on counts for `log_tail`.
  virtual void mark_log() = 0;
  /// Last lines of output since the mark.
  [[nodiscard]] virtual std::string log_tail() const = 0;
  /// A line in the rank's log.
  virtual void log(const std::string& text) = 0;
};

}  // namespace lethe::orchestrator::inline process
