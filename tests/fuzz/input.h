#pragma once

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace lethe::fuzz {

/// What is always so is not: a finding.
inline void require(bool is_so, const std::string& what) {
  if (!is_so) throw std::logic_error("not so: " + what);
}

/// Throws unless a refusal's message is UTF-8, of bounded length, and names the file.
void check_refusal(std::string_view message, std::string_view file);

/// What `read` gives; nothing if it throws a `Refusal`, whose message must name `file`.
template <typename Refusal, typename Read>
auto read_or_refuse(std::string_view file, const Read& read) -> std::optional<std::invoke_result_t<Read>> {
  try {
    return read();
  } catch (const Refusal& error) {
    check_refusal(error.what(), file);
    return std::nullopt;
  }
}

/// Parts of an input, which lines of "=====" separate.
std::vector<std::string_view> sections_of(std::string_view input);

/// The one folder of the process for inputs that must be files, removed at its end.
class InputFolder {
 public:
  static const InputFolder& instance();
  InputFolder(const InputFolder&) = delete;
  InputFolder& operator=(const InputFolder&) = delete;
  ~InputFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// In the place of what was there under the name.
  std::filesystem::path write(const std::string& name, std::string_view bytes) const;
  /// A file for each section under the name at its place; names without a section are not there afterwards.
  void write_sections(std::string_view input, const std::vector<std::string>& names) const;

 private:
  InputFolder();
  std::filesystem::path path_;
};

}  // namespace lethe::fuzz
