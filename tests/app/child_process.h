#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lethe::test {

/// A program started by a test, its standard output and error in a file. Killed at the end of its life.
class ChildProcess {
 public:
  ChildProcess(const std::vector<std::string>& command, std::filesystem::path log);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Exit status (128 + signal if it was killed); nullopt if it still runs after `timeout`.
  std::optional<int> wait_for(std::chrono::milliseconds timeout);
  void send_signal(int signal) const;

 private:
  pid_t pid_ = -1;
  std::optional<int> status_;
};

struct Output {
  int status = 0;
  std::string text;  ///< standard output and error
};
/// Runs a command to its end; 300 s at most.
Output run_command(const std::vector<std::string>& command, const std::filesystem::path& folder);

/// `lethe` of this build, under mpirun if `ranks` > 1.
std::vector<std::string> lethe_command(const std::vector<std::string>& arguments, int ranks = 1);

}  // namespace lethe::test
