#include "tests/app/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace lethe::test {

ChildProcess::ChildProcess(const std::vector<std::string>& command, std::filesystem::path log) {
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ > 0) return;
  const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, 0);
  ::dup2(fd, 1);
  ::dup2(fd, 2);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

ChildProcess::~ChildProcess() {
  if (status_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::optional<int> ChildProcess::wait_for(std::chrono::milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (!status_) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    } else if (std::chrono::steady_clock::now() >= end) {
      break;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  return status_;
}

void ChildProcess::send_signal(int signal) const {
  if (!status_) ::kill(pid_, signal);
}

Output run_command(const std::vector<std::string>& command, const std::filesystem::path& folder) {
  const auto log = folder / "command.log";
  std::filesystem::remove(log);
  ChildProcess child(command, log);
  const auto status = child.wait_for(std::chrono::seconds(300));
  std::ostringstream text;
  text << std::ifstream(log).rdbuf();
  return {status.value_or(-1), text.str()};
}

std::vector<std::string> lethe_command(const std::vector<std::string>& arguments, int ranks) {
  std::vector<std::string> command;
  if (ranks > 1) {
    // Tests may run as root, on fewer cores than ranks.
    ::setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    ::setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
    command = {"mpirun", "--oversubscribe", "-n", std::to_string(ranks)};
  }
  command.push_back(LETHE_BINARY_DIR "/bin/lethe");
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace lethe::test
