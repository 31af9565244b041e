#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/unique_fd.h"

namespace lethe::orchestrator::inline process {

/// A program to start. Descriptors become the child's 0, 1, 2 and 3; -1 gives /dev/null (3: nothing).
struct SpawnRequest {
  std::vector<std::string> arguments;              ///< [0] is the path of the program
  std::map<std::string, std::string> environment;  ///< added to the environment, after stripping
  int standard_input = -1;
  int standard_output = -1;
  int standard_error = -1;
  int events = -1;
  /// Processors the child must be able to run on: a launcher that binds ranks to single cores would bind it too.
  int num_processors = 1;
};

/// A tiny single-threaded process, forked before MPI starts, that does all later forks: forking a process that holds
/// MPI (pinned memory, progress threads) is unsafe.
///
/// Children lead a process group each, see none of the launcher's variables (OMPI_*, PMIX_*, PMI_*), ignore SIGTERM,
/// SIGUSR1 and SIGUSR2 (Slurm signals every process of a step; stopping goes through commands), are preferred by the
/// kernel's out-of-memory killer, and die with the zygote, which dies with this process.
class Zygote {
 public:
  /// Forks. Call while the process has a single thread. Throws `core::CommError`.
  Zygote();
  /// Ends the zygote; children that still live are killed.
  ~Zygote();
  Zygote(const Zygote&) = delete;
  Zygote& operator=(const Zygote&) = delete;

  /// Starts a program; throws `UnusableProgram` if it cannot be executed, `core::CommError` if the system refuses a
  /// process for now. Like all that follow it throws `ZygoteLost` if the zygote is gone.
  pid_t spawn(const SpawnRequest& request);

  /// Signals a child's whole process group; nothing happens if it has been reported dead (its number may be reused).
  void signal_group(pid_t child, int signal);

  /// Wait status of a child that has ended, once; nullopt while it lives.
  std::optional<int> take_exit(pid_t child);

  [[nodiscard]] pid_t process_id() const { return zygote_; }

 private:
  pid_t zygote_ = -1;
  core::UniqueFd socket_;
  std::map<pid_t, int> exits_;  // reported, not yet taken

  /// Reads one reply; `flags` as of recv. False if none is there.
  bool receive(std::string& text, int flags);
  void note_exit(const std::string& text);
};

/// "exit status 3", "signal 11 (Segmentation fault)".
std::string describe_exit(int wait_status);

}  // namespace lethe::orchestrator::inline process
