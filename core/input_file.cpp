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

/// What stands for a file that was not fetched.
struct Pointer {
  std::string_view begin, name, remedy;
};
constexpr std::array kPointers{
    Pointer{"version https://git-lfs.github.com/spec/", "Git LFS", "run `git lfs pull` in its folder"},
    Pointer{"# xet version ", "Xet", "fetch the file itself (`hf download`, or `git lfs pull` with git-xet installed)"},
    Pointer{"/annex/objects/", "git-annex", "run `git annex get` in its folder"},
};

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& reason) {
  throw DataError(path.string() + ": " + reason);
}

std::string_view kind_in_words(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a pipe (FIFO)";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

/// The pointer that the file is, or null.
const Pointer* pointer_in(int file) {
  std::array<char, 64> begin{};
  const auto count = ::pread(file, begin.data(), begin.size(), 0);
  const std::string_view text(begin.data(), static_cast<std::size_t>(std::max<ssize_t>(0, count)));
  const auto found = std::ranges::find_if(kPointers, [&](const Pointer& one) { return text.starts_with(one.begin); });
  return found == kPointers.end() ? nullptr : &*found;
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
  if (const auto* const pointer = pointer_in(file.get())) {
    refuse(path, "is a " + std::string(pointer->name) + " pointer, which stands for a file that was not fetched; " +
                     std::string(pointer->remedy));
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
