#include "tests/fuzz/input.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <system_error>

#include "data/unicode.h"

namespace lethe::fuzz {
namespace {

constexpr std::string_view kSeparator = "\n=====\n";
/// A hundred problems of a file may be told at once; none of them quotes the whole of it.
constexpr std::size_t kMaxMessageBytes = 256 << 10;

}  // namespace

void check_refusal(std::string_view message, std::string_view file) {
  require(message.size() <= kMaxMessageBytes, "a message has at most 256 KiB: " + std::string(message.substr(0, 500)));
  require(data::first_invalid_utf8(message) == std::string_view::npos, "a message is UTF-8: " + std::string(message));
  require(message.find(file) != std::string_view::npos, "a message names the file: " + std::string(message));
}

std::vector<std::string_view> sections_of(std::string_view input) {
  std::vector<std::string_view> sections;
  for (;;) {
    const auto end = input.find(kSeparator);
    sections.push_back(input.substr(0, end));
    if (end == std::string_view::npos) return sections;
    input.remove_prefix(end + kSeparator.size());
  }
}

InputFolder::InputFolder() {
  // A disk would be what takes the time.
  const std::filesystem::path memory = "/dev/shm";
  const bool is_in_memory = ::getenv("TMPDIR") == nullptr && ::access(memory.c_str(), W_OK) == 0;
  auto name = ((is_in_memory ? memory : std::filesystem::temp_directory_path()) / "lethe-fuzz-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot create " + name);
  path_ = name;
}

InputFolder::~InputFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

const InputFolder& InputFolder::instance() {
  static const InputFolder folder;
  return folder;
}

std::filesystem::path InputFolder::write(const std::string& name, std::string_view bytes) const {
  auto path = path_ / name;
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const auto written = file < 0 ? -1 : ::write(file, bytes.data(), bytes.size());
  if (file >= 0) ::close(file);
  if (written != static_cast<ssize_t>(bytes.size())) throw std::runtime_error("cannot write " + path.string());
  return path;
}

void InputFolder::write_sections(std::string_view input, const std::vector<std::string>& names) const {
  const auto sections = sections_of(input);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i < sections.size()) {
      write(names[i], sections[i]);
    } else {
      ::unlink((path_ / names[i]).c_str());
    }
  }
}

}  // namespace lethe::fuzz
