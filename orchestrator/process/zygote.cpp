#include "orchestrator/process/zygote.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/patience.h"
#include "core/strict_json.h"
#include "orchestrator/process/executor.h"
#include "orchestrator/process/zygote_process.h"

namespace lethe::orchestrator::inline process {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxFds = 4;

[[noreturn]] void throw_errno(const std::string& what) {
  const std::error_code cause(errno, std::generic_category());
  throw core::RefusedError(what + ": " + cause.message(), cause);
}

[[noreturn]] void throw_lost(const std::string& what) {
  throw ZygoteLost(what + "; what is done is committed: run again", std::make_error_code(std::errc::broken_pipe));
}

/// Why a program was not started: a system that has no process or descriptor to spare now may have one later.
[[noreturn]] void throw_not_started(const std::string& program, int code) {
  const auto text = program + ": " + std::strerror(code);
  switch (code) {
    case EAGAIN:
    case EINTR:
    case EIO:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOSPC:
    case ETXTBSY:
      throw core::RefusedError(text, {code, std::generic_category()});
    default:
      throw UnusableProgram(text);
  }
}

/// Sends text and descriptors as one packet.
void send_packet(int socket, const std::string& text, const std::vector<int>& fds) {
  if (text.size() > kMaxZygoteMessageBytes) throw UnusableProgram("a command line is too long to be started");
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxFds * sizeof(int))> control{};
  iovec vector{const_cast<char*>(text.data()), text.size()};
  msghdr header{};
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  if (!fds.empty()) {
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    auto* part = CMSG_FIRSTHDR(&header);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    std::memcpy(CMSG_DATA(part), fds.data(), fds.size() * sizeof(int));
  }
  ssize_t count = 0;
  do count = ::sendmsg(socket, &header, MSG_NOSIGNAL);
  while (count < 0 && errno == EINTR);
  if (count >= 0) return;
  constexpr const char* kUnreached = "the process that starts executors cannot be reached";
  const bool is_gone = errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN;
  if (is_gone) throw_lost(kUnreached);
  throw_errno(kUnreached);  // such as too many descriptors under way
}

}  // namespace

Zygote::Zygote() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) throw_errno("socketpair");
  core::UniqueFd own(ends[0]);
  core::UniqueFd other(ends[1]);
  const auto parent = ::getpid();
  zygote_ = ::fork();
  if (zygote_ < 0) throw_errno("fork");
  if (zygote_ == 0) {
    own.reset();
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(0);
    run_zygote(other.get());
  }
  socket_ = std::move(own);
}

Zygote::~Zygote() {
  socket_.reset();
  ::waitpid(zygote_, nullptr, 0);
}

pid_t Zygote::spawn(const SpawnRequest& request) {
  const std::array<int, kMaxFds> targets{request.standard_input, request.standard_output, request.standard_error,
                                         request.events};
  std::vector<int> fds;
  json present = json::array();
  for (const int fd : targets) {
    present.push_back(fd >= 0);
    if (fd >= 0) fds.push_back(fd);
  }
  const json text{{"kind", "spawn"},
                  {"arguments", request.arguments},
                  {"environment", request.environment},
                  {"fds", present},
                  {"processors", request.num_processors}};
  send_packet(socket_.get(), text.dump(), fds);
  std::string answer;
  while (true) {
    receive(answer, 0);
    const auto reply = core::strict_json(answer);
    if (reply.contains("pid")) return reply["pid"].get<pid_t>();
    if (reply.contains("error")) throw_not_started(request.arguments.front(), reply["error"].get<int>());
    note_exit(answer);  // of another child, in between
  }
}

void Zygote::signal_group(pid_t child, int signal) {
  send_packet(socket_.get(), json{{"kind", "signal"}, {"pid", child}, {"signal", signal}}.dump(), {});
}

std::optional<int> Zygote::take_exit(pid_t child) {
  std::string text;
  while (receive(text, MSG_DONTWAIT)) note_exit(text);
  const auto found = exits_.find(child);
  if (found == exits_.end()) return std::nullopt;
  const int status = found->second;
  exits_.erase(found);
  return status;
}

bool Zygote::receive(std::string& text, int flags) {
  text.resize(kMaxZygoteMessageBytes);
  ssize_t count = 0;
  do count = ::recv(socket_.get(), text.data(), text.size(), flags);
  while (count < 0 && errno == EINTR);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
  if (count < 0) throw_lost(std::string("the process that starts executors cannot be heard: ") + std::strerror(errno));
  if (count == 0) throw_lost("the process that starts executors is gone");
  text.resize(static_cast<std::size_t>(count));
  return true;
}

void Zygote::note_exit(const std::string& text) {
  const auto report = core::strict_json(text);
  if (report.contains("exited")) exits_[report["exited"].get<pid_t>()] = report["status"].get<int>();
}

std::string describe_exit(int wait_status) {
  if (WIFEXITED(wait_status)) return "exit status " + std::to_string(WEXITSTATUS(wait_status));
  if (WIFSIGNALED(wait_status)) {
    const int signal = WTERMSIG(wait_status);
    return "signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
  }
  return "wait status " + std::to_string(wait_status);
}

}  // namespace lethe::orchestrator::inline process
