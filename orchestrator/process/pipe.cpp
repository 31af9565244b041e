#include "orchestrator/process/pipe.h"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "core/error.h"

namespace lethe::orchestrator::inline process {

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw core::CommError(std::string("pipe: ") + std::strerror(errno));
  return {core::UniqueFd(ends[0]), core::UniqueFd(ends[1])};
}

void set_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
    throw core::CommError(std::string("fcntl: ") + std::strerror(errno));
  }
}

}  // namespace lethe::orchestrator::inline process
