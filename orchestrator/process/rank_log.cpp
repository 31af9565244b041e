#include "orchestrator/process/rank_log.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "core/fault.h"
#include "core/file_text.h"
#include "core/utc_time.h"

namespace lethe::orchestrator::inline process {
namespace {

constexpr std::int64_t kMaxTailBytes = 4096;

std::int64_t size_of(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 ? info.st_size : 0;
}

}  // namespace

RankLog::RankLog(const std::filesystem::path& path) : path_(path) {
  std::error_code error;
  std::filesystem::create_directory(path.parent_path(), error);  // not the sweep's folder: it may have vanished
  file_ = core::open_to_append(path);
  mark();
}

void RankLog::line(std::string_view text) noexcept {
  try {
    const auto entry = core::utc_time_now() + " supervisor: " + std::string(text) + "\n";
    core::write_at("log.write", entry.size(),
                   [&](std::size_t size) { return ::write(file_.get(), entry.data(), size); });
  } catch (const std::exception&) {
    // Out of memory: the line is lost, nothing else.
  }
}

void RankLog::mark() { mark_bytes_ = size_of(file_.get()); }

std::string RankLog::tail(int num_lines) const {
  const core::UniqueFd reader(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!reader) return {};
  const auto size = size_of(reader.get());
  const auto first = std::max(mark_bytes_, size - kMaxTailBytes);
  if (size <= first) return {};
  std::string text(static_cast<std::size_t>(size - first), '\0');
  const auto count = ::pread(reader.get(), text.data(), text.size(), first);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  while (text.ends_with('\n')) text.pop_back();
  std::size_t begin = text.size();
  for (int i = 0; i < num_lines && begin > 0 && begin != std::string::npos; ++i) begin = text.rfind('\n', begin - 1);
  return begin == std::string::npos || begin == 0 ? text : text.substr(begin + 1);
}

}  // namespace lethe::orchestrator::inline process
