#include "core/file_text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/unique_fd.h"

namespace lethe::core {

std::string text_of_file(const std::filesystem::path& path) {
  const auto fail = [&](const std::string& why) { throw StorageError(path.string() + ": cannot be read: " + why); };
  // O_NONBLOCK: opening a pipe that nobody writes to would wait for a writer.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file) fail(std::strerror(errno));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) fail(std::strerror(errno));
  if (!S_ISREG(info.st_mode)) fail(S_ISDIR(info.st_mode) ? "is a folder" : "is no regular file");
  std::string text;
  std::array<char, 65536> buffer;
  while (true) {
    const auto count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(std::strerror(errno));
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace lethe::core
