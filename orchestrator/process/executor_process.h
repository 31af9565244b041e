#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/unique_fd.h"
#include "orchestrator/process/clock.h"
#include "orchestrator/process/executor.h"
#include "orchestrator/process/line_reader.h"
#include "orchestrator/process/rank_log.h"
#include "orchestrator/process/zygote.h"

namespace lethe::orchestrator::inline process {

struct ExecutorCommandLine {
  std::vector<std::string> arguments;  ///< [0] is the path of the program
  std::map<std::string, std::string> environment;
  int num_threads = 1;              ///< compute threads, hence processors it must be able to run on
  double kill_grace_seconds = 5.0;  ///< between SIGTERM and SIGKILL
};

/// An executor as a child process started by the zygote: commands through its standard input, events through its
/// descriptor 3, output into the rank's log.
class ExecutorProcess final : public Executor {
 public:
  /// `zygote` and `clock` must outlive it.
  ExecutorProcess(Zygote& zygote, const Clock& clock, ExecutorCommandLine command_line,
                  const std::filesystem::path& log);
  /// Kills a living process at once.
  ~ExecutorProcess() override;
  ExecutorProcess(const ExecutorProcess&) = delete;
  ExecutorProcess& operator=(const ExecutorProcess&) = delete;

  void start() override;
  [[nodiscard]] bool is_alive() const override { return pid_ > 0; }
  void send(const core::Command& command) override;
  std::optional<ExecutorReport> poll() override;
  void kill() override;
  void mark_log() override { log_.mark(); }
  [[nodiscard]] std::string log_tail() const override;
  void log(const std::string& text) override { log_.line(text); }

 private:
  Zygote& zygote_;
  const Clock& clock_;
  ExecutorCommandLine command_line_;
  RankLog log_;
  pid_t pid_ = -1;
  core::UniqueFd commands_;
  LineReader events_;
  std::optional<int> exit_status_;         // known, but events may still be unread
  std::optional<double> kill_at_seconds_;  // when SIGKILL follows SIGTERM

  std::optional<ExecutorReport> next_event();
};

}  // namespace lethe::orchestrator::inline process
