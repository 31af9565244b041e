#include "core/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "core/error.h"

namespace lethe::core {
namespace {

constexpr std::string_view kPointerBegin = "version https://git-lfs.github.com/spec/";

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& reason) {
  throw DataError(path.string() + ": " + reason);
}

std::string_view kind_in_words(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a pipe (FIFO)";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

bool is_lfs_pointer(int file) {
  std::array<char, kPointerBegin.size()> begin{};
  const auto count = ::pread(file, begin.data(), begin.size(), 0);
  return count == static_cast<ssize_t>(begin.size()) && std::string_view(begin.data(), begin.size()) == kPointerBegin;
}

}  // namespace

UniqueFd open_input_file(const std::filesystem::path& path) {
  // Without O_NONBLOCK, opening a FIFO waits for a writer.
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0)
    refuse(path, std::string("cannot be opened: ") + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) {
    refuse(path, "is " + std::string(kind_in_words(status.st_mode)) + ", not a regular file; name a file");
  }
  if (is_lfs_pointer(file.get())) {
    refuse(path,
           "is a Git LFS pointer, which stands for a file that was not fetched; run `git lfs pull` in its folder");
  }
  return file;
}

std::string read_input_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const auto file = open_input_file(path);
  std::string text;
  while (text.size() <= max_bytes) {
    constexpr std::size_t kBlockBytes = 64 << 10;
    const auto begin = text.size();
    text.resize(begin + kBlockBytes);
    const auto count = ::read(file.get(), text.data() + begin, kBlockBytes);
    if (count < 0 && errno != EINTR) refuse(path, std::string("cannot be read: ") + std::strerror(errno));
    text.resize(begin + static_cast<std::size_t>(std::max<ssize_t>(0, count)));
    if (count == 0) return text;
  }
  refuse(path, "is larger than " + std::to_string(max_bytes) + " bytes, which no such file is; is it the right one?");
}

void check_input_file(const std::filesystem::path& path) { static_cast<void>(open_input_file(path)); }

}  // namespace lethe::core
