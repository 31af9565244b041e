#include "orchestrator/display/terminal_size.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <string>

#include "core/unique_fd.h"

namespace lethe::orchestrator::inline display {

TerminalSize terminal_size(bool is_under_mpi) {
  core::UniqueFd launchers;
  int terminal = STDOUT_FILENO;
  if (is_under_mpi) {
    const auto path = "/proc/" + std::to_string(::getppid()) + "/fd/1";
    launchers = core::UniqueFd(::open(path.c_str(), O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    terminal = launchers.get();
  }
  winsize size{};
  if (::ioctl(terminal, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

}  // namespace lethe::orchestrator::inline display
