#include "core/program_output.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "core/stop_signals.h"
#include "core/unique_fd.h"

extern char** environ;  // NOLINT: POSIX names it so

namespace lethe::core {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kLookMilliseconds = 20;
constexpr std::size_t kMostBytes = std::size_t{1} << 20;

/// How a child begins: signals as they are by default, whatever this process has made of them, and one output.
class SpawnSettings {
 public:
  explicit SpawnSettings(int output) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    for (const int signal : kStopSignals) ::sigaddset(&signals, signal);
    ::sigaddset(&signals, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnSettings() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  /// Its number; -1 if it cannot be started.
  [[nodiscard]] pid_t start(std::vector<std::string> arguments) const {
    std::vector<char*> pointers;
    for (auto& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    pid_t child = -1;
    return ::posix_spawn(&child, pointers[0], &actions_, &attributes_, pointers.data(), environ) == 0 ? child : -1;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// False if nothing came within that time; the descriptor is closed at its end.
bool read_some(UniqueFd& fd, std::string& text, int wait_ms) {
  pollfd watched{fd.get(), POLLIN, 0};  // a closed one: poll only waits
  if (::poll(&watched, 1, wait_ms) <= 0) return false;
  std::array<char, 4096> buffer;
  const auto count = ::read(fd.get(), buffer.data(), buffer.size());
  if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
  if (count == 0 || (count < 0 && errno != EINTR)) fd.reset();
  return count > 0;
}

}  // namespace

ProgramOutput output_of(const std::vector<std::string>& arguments, std::chrono::milliseconds limit,
                        const std::function<bool()>& should_stop) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const auto child = SpawnSettings(write_end.get()).start(arguments);
  if (child < 0) return {};
  write_end.reset();
  ProgramOutput output{ProgramOutput::End::kGivenUp, 0, {}};
  const auto deadline = Clock::now() + limit;
  const auto is_over = [&] { return output.text.size() > kMostBytes || Clock::now() >= deadline || should_stop(); };
  while (!is_over()) {
    if (read_some(read_end, output.text, kLookMilliseconds)) continue;
    if (::waitpid(child, &output.wait_status, WNOHANG) == 0) continue;
    // What it started itself may still hold the pipe: its own words are in it by now.
    while (!is_over() && read_some(read_end, output.text, 0)) continue;
    output.end = ProgramOutput::End::kExited;
    return output;
  }
  ::kill(child, SIGKILL);
  static_cast<void>(::waitpid(child, nullptr, WNOHANG));
  return output;
}

}  // namespace lethe::core
