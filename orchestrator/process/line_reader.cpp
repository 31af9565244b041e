#include "orchestrator/process/line_reader.h"

#include <array>
#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/fault.h"
#include "orchestrator/process/pipe.h"

namespace lethe::orchestrator::inline process {
namespace {

constexpr std::size_t kMaxLineBytes = std::size_t{1} << 20;

}  // namespace

LineReader::LineReader(core::UniqueFd fd) : fd_(std::move(fd)) { set_nonblocking(fd_.get()); }

std::optional<std::string> LineReader::take_line() {
  const auto end = pending_.find('\n', searched_);
  if (end == std::string::npos) {
    searched_ = pending_.size();
    return std::nullopt;
  }
  auto line = pending_.substr(0, end);
  pending_.erase(0, end + 1);
  searched_ = 0;
  return line;
}

std::optional<std::string> LineReader::next() {
  if (auto line = take_line()) return line;
  std::array<char, 16384> buffer;
  while (fd_ && !is_at_end_) {
    const auto count = core::fails_at("event.read") ? -1 : ::read(fd_.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::nullopt;
    if (count < 0) throw core::CommError(std::string("reading a pipe: ") + std::strerror(errno));
    if (count == 0) is_at_end_ = true;
    pending_.append(buffer.data(), static_cast<std::size_t>(count));
    if (auto line = take_line()) return line;
    if (pending_.size() > kMaxLineBytes) {
      pending_.clear();
      searched_ = 0;
      throw core::CommError("a line of more than " + std::to_string(kMaxLineBytes) + " bytes");
    }
  }
  return std::nullopt;
}

}  // namespace lethe::orchestrator::inline process
