#include "orchestrator/process/captured_run.h"

#include <poll.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

#include "orchestrator/process/pipe.h"

namespace lethe::orchestrator::inline process {
namespace {

constexpr int kPollMilliseconds = 50;

/// Appends what is there; closes the descriptor at the end.
void read_some(core::UniqueFd& fd, std::string& text) {
  std::array<char, 65536> buffer;
  const auto count = ::read(fd.get(), buffer.data(), buffer.size());
  if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
  if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) fd.reset();
}

}  // namespace

CapturedRun run_captured(Zygote& zygote, const std::vector<std::string>& arguments,
                         const std::function<bool()>& should_stop) {
  auto output = make_pipe();
  auto errors = make_pipe();
  SpawnRequest request;
  request.arguments = arguments;
  request.standard_output = output.write_end.get();
  request.standard_error = errors.write_end.get();
  const auto child = zygote.spawn(request);
  output.write_end.reset();
  errors.write_end.reset();
  CapturedRun run;
  while (output.read_end || errors.read_end) {
    if (!run.was_stopped && should_stop()) {
      zygote.signal_group(child, SIGKILL);
      run.was_stopped = true;
    }
    std::array<pollfd, 2> watched{{{output.read_end.get(), POLLIN, 0}, {errors.read_end.get(), POLLIN, 0}}};
    if (::poll(watched.data(), watched.size(), kPollMilliseconds) <= 0) continue;
    if (watched[0].revents != 0) read_some(output.read_end, run.output);
    if (watched[1].revents != 0) read_some(errors.read_end, run.errors);
  }
  std::optional<int> status;
  while (!(status = zygote.take_exit(child))) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  run.wait_status = *status;
  return run;
}

}  // namespace lethe::orchestrator::inline process
