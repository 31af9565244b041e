// Rank 0 wants to finalize, rank 1 stays away for longer than the watchdog's limit. An exit handler cannot be used
// (the watchdog leaves by _exit), so the time is told by a child that reads a pipe until the rank is gone.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "comm/mpi_environment.h"

namespace {

/// Says how long the parent's end of the pipe stayed open.
int watch(int fd, std::chrono::steady_clock::time_point start) {
  char byte = 0;
  while (::read(fd, &byte, 1) > 0) {
  }
  const std::chrono::duration<double> lasted = std::chrono::steady_clock::now() - start;
  if (lasted.count() < 4.0) std::printf("rank 0 left after 1 s\n");
  std::fflush(stdout);
  return 0;
}

}  // namespace

int main() {
  int ends[2];
  if (::pipe(ends) != 0) return 1;
  const auto child = ::fork();  // before MPI starts
  if (child == 0) {
    ::close(ends[1]);
    return watch(ends[0], std::chrono::steady_clock::now());
  }
  ::close(ends[0]);
  lethe::comm::MpiEnvironment environment;
  if (environment.rank() == 1) std::this_thread::sleep_for(std::chrono::seconds(6));
  if (environment.rank() == 1) ::_exit(0);
  environment.finalize(0, std::chrono::seconds(1));
  return 0;
}
