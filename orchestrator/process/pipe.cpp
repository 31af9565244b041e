#include "orchestrator/process/pipe.h"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include "core/patience.h"

namespace lethe::orchestrator::inline process {
namespace {

[[noreturn]] void throw_errno(const std::string& call) {
  const std::error_code cause(errno, std::generic_category());
  throw core::RefusedError(call + ": " + cause.message(), cause);
}

}  // namespace

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("pipe");
  return {core::UniqueFd(ends[0]), core::UniqueFd(ends[1])};
}

void set_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) throw_errno("fcntl");
}

}  // namespace lethe::orchestrator::inline process
