#include "orchestrator/process/zygote_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/fault.h"
#include "core/strict_json.h"
#include "orchestrator/process/pipe.h"

extern char** environ;

namespace lethe::orchestrator::inline process {
namespace {

using nlohmann::json;

constexpr int kNumTargets = 4;
constexpr int kExecFailed = 127;
constexpr const char* kOomScore = "500";

struct Request {
  json text;
  std::vector<core::UniqueFd> fds;
};

/// False when the supervisor is gone.
bool receive_request(int socket, Request& request) {
  std::vector<char> bytes(kMaxZygoteMessageBytes);
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kNumTargets * sizeof(int))> control{};
  iovec vector{bytes.data(), bytes.size()};
  msghdr header{};
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  ssize_t count = 0;
  do count = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  while (count < 0 && errno == EINTR);
  if (count <= 0) return false;
  for (auto* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const auto num_fds = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < num_fds; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      request.fds.emplace_back(fd);
    }
  }
  request.text = core::json_if_sound({bytes.data(), static_cast<std::size_t>(count)}).value_or(nullptr);
  return true;
}

void reply(int socket, const json& text) {
  const auto bytes = text.dump();
  // A failure means that the supervisor is gone; the next receive will say so.
  static_cast<void>(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

/// Environment without what would make the child take itself for an MPI rank.
std::vector<std::string> child_environment(const json& additions) {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string variable(*entry);
    const auto name = variable.substr(0, variable.find('='));
    const bool is_launcher = name.starts_with("OMPI_") || name.starts_with("PMIX_") || name.starts_with("PMI_") ||
                             name.starts_with("ORTE_") || name.starts_with("PRTE_");
    if (!is_launcher && !additions.contains(name)) variables.push_back(variable);
  }
  for (const auto& [name, value] : additions.items()) variables.push_back(name + "=" + value.get<std::string>());
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

void set_child_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGINT, SIGHUP, SIGPIPE, SIGCHLD}) ::signal(signal, SIG_DFL);
  for (const int signal : {SIGTERM, SIGUSR1, SIGUSR2}) ::signal(signal, SIG_IGN);
}

void raise_oom_score() {
  const core::UniqueFd file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (file) static_cast<void>(!::write(file.get(), kOomScore, std::strlen(kOomScore)));
}

/// Lifts a binding to fewer processors than are needed; the kernel still keeps the child within its job's.
void widen_affinity(int num_processors) {
  cpu_set_t processors;
  if (::sched_getaffinity(0, sizeof processors, &processors) != 0 || CPU_COUNT(&processors) >= num_processors) return;
  for (int i = 0; i < CPU_SETSIZE; ++i) CPU_SET(i, &processors);
  ::sched_setaffinity(0, sizeof processors, &processors);
}

/// Puts descriptors where the child expects them. They are moved up first, so that no move overwrites another. False,
/// with errno, if one of them cannot be had.
bool place_descriptors(const std::vector<int>& sources) {
  std::array<int, kNumTargets> moved{};
  for (std::size_t target = 0; target < kNumTargets; ++target) {
    int source = sources[target];
    if (source < 0 && target < 3) source = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    const bool is_lacking = source < 0 || core::fails_at("executor.descriptors");
    moved[target] = is_lacking ? -1 : ::fcntl(source, F_DUPFD_CLOEXEC, kNumTargets);
    const bool is_wanted = target < 3 || sources[target] >= 0;
    if (is_wanted && moved[target] < 0) return false;  // the child must not start with a descriptor less
  }
  for (int target = 0; target < kNumTargets; ++target) {
    const int source = moved[static_cast<std::size_t>(target)];
    if (source >= 0 && ::dup2(source, target) < 0) return false;
    if (source < 0) ::close(target);
  }
  // What the launcher leaked into this process must not stay open in an executor.
  static_cast<void>(::close_range(kNumTargets, UINT_MAX, CLOSE_RANGE_CLOEXEC));
  return true;
}

[[noreturn]] void run_child(pid_t zygote, std::vector<std::string> arguments, std::vector<std::string> environment,
                            const std::vector<int>& sources, int num_processors, int error_pipe) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != zygote) ::_exit(kExecFailed);  // it died before the line above
  set_child_signals();
  widen_affinity(num_processors);
  raise_oom_score();
  // Above the targets, so that no move overwrites it either; the zygote takes a closed pipe for a child that runs.
  const int moved_pipe = ::fcntl(error_pipe, F_DUPFD_CLOEXEC, kNumTargets);
  const int error_fd = moved_pipe < 0 ? error_pipe : moved_pipe;
  if (moved_pipe >= 0 && place_descriptors(sources)) {
    auto argument_pointers = pointers_to(arguments);
    auto environment_pointers = pointers_to(environment);
    ::execve(argument_pointers[0], argument_pointers.data(), environment_pointers.data());
  }
  const int code = errno;
  static_cast<void>(!::write(error_fd, &code, sizeof code));
  ::_exit(kExecFailed);
}

/// Index into the passed descriptors of each target, -1 for none.
std::vector<int> sources_of(const Request& request) {
  std::vector<int> sources(kNumTargets, -1);
  std::size_t next = 0;
  for (std::size_t target = 0; target < kNumTargets; ++target) {
    if (request.text["fds"][target].get<bool>() && next < request.fds.size()) {
      sources[target] = request.fds[next++].get();
    }
  }
  return sources;
}

/// The kernel drops descriptors for which this process has no room, without an error.
bool has_all_descriptors(const Request& request) {
  const auto& present = request.text["fds"];
  return static_cast<std::size_t>(std::count(present.begin(), present.end(), json(true))) == request.fds.size();
}

json spawn(const Request& request, std::set<pid_t>& children) {
  if (!has_all_descriptors(request)) return {{"error", EMFILE}};
  auto errors = make_pipe();
  const auto zygote = ::getpid();
  const auto child = core::fails_at("executor.fork") ? -1 : ::fork();
  if (child < 0) return {{"error", errno}};
  if (child == 0) {
    run_child(zygote, request.text["arguments"].get<std::vector<std::string>>(),
              child_environment(request.text["environment"]), sources_of(request),
              request.text["processors"].get<int>(), errors.write_end.get());
  }
  ::setpgid(child, child);  // also here: a signal to the group may come before the child has run
  errors.write_end.reset();
  int code = 0;
  ssize_t count = 0;
  do count = ::read(errors.read_end.get(), &code, sizeof code);
  while (count < 0 && errno == EINTR);
  if (count > 0) {
    ::waitpid(child, nullptr, 0);
    return {{"error", code}};
  }
  children.insert(child);
  return {{"pid", child}};
}

void report_exits(int socket, std::set<pid_t>& children) {
  int status = 0;
  for (pid_t child = 0; (child = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    if (children.erase(child) == 0) continue;
    ::kill(-child, SIGKILL);  // what the executor may have started itself
    core::fault_point("executor.ended");
    reply(socket, {{"exited", child}, {"status", status}});
  }
}

void serve_request(int socket, const Request& request, std::set<pid_t>& children) {
  try {
    if (request.text.at("kind") == "spawn") {
      reply(socket, spawn(request, children));
    } else if (const auto child = request.text.at("pid").get<pid_t>(); children.contains(child)) {
      ::kill(-child, request.text.at("signal").get<int>());
    }
  } catch (const std::exception&) {
    reply(socket, {{"error", EINVAL}});
  }
}

int block_child_signal() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGCHLD);
  ::sigprocmask(SIG_SETMASK, &signals, nullptr);
  return ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

void detach_from_surroundings() {
  ::setpgid(0, 0);  // a terminal's Ctrl-C and a launcher's killpg are the supervisor's business
  ::prctl(PR_SET_NAME, "lethe-zygote");
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE}) ::signal(signal, SIG_IGN);
  ::signal(SIGCHLD, SIG_DFL);
  const core::UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (int fd = 0; fd < 3; ++fd) ::dup2(null.get(), fd);
}

}  // namespace

void run_zygote(int socket) {
  detach_from_surroundings();
  const int exits = block_child_signal();
  std::set<pid_t> children;
  std::array<pollfd, 2> watched{{{socket, POLLIN, 0}, {exits, POLLIN, 0}}};
  while (true) {
    if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) break;
    if ((watched[1].revents & POLLIN) != 0) {
      signalfd_siginfo info{};
      while (::read(exits, &info, sizeof info) > 0) {
      }
      report_exits(socket, children);
    }
    if ((watched[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      Request request;
      if (!receive_request(socket, request)) break;
      serve_request(socket, request, children);
    }
  }
  for (const auto child : children) ::kill(-child, SIGKILL);
  ::_exit(0);
}

}  // namespace lethe::orchestrator::inline process
