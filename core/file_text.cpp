#include "core/file_text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "core/error.h"
#include "core/fault.h"

namespace lethe::core {

void throw_read_error(const std::filesystem::path& path) {
  const std::error_code cause(errno, std::generic_category());
  throw StorageError(path.string() + ": cannot be read: " + cause.message(), cause);
}

UniqueFd open_regular_file(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a pipe that nobody writes to would wait for a writer.
  if (fails_at("file.read")) throw_read_error(path);
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0) throw_read_error(path);
  if (S_ISREG(info.st_mode)) return file;
  throw StorageError(path.string() +
                     ": cannot be read: " + (S_ISDIR(info.st_mode) ? "is a folder" : "is no regular file"));
}

UniqueFd open_to_append(const std::filesystem::path& path) {
  UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644));
  if (file) return file;
  const std::error_code cause(errno, std::generic_category());
  throw StorageError(path.string() + ": cannot be opened for writing: " + cause.message() +
                         (cause.value() == ELOOP ? ", and a sweep writes through no link; remove it" : ""),
                     cause);
}

std::string text_of_file(const std::filesystem::path& path) {
  const auto file = open_regular_file(path);
  std::string text;
  std::array<char, 65536> buffer;
  while (true) {
    const auto count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_read_error(path);
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace lethe::core
