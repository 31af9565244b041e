#include "data/text_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "core/error.h"
#include "core/foreign_form.h"
#include "core/input_file.h"
#include "data/unicode.h"

namespace lethe::data {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& reason) {
  throw core::DataError(path.string() + ": " + reason);
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

std::string read_text_file(const std::filesystem::path& path) {
  auto opened = core::open_input_file(path);
  const std::unique_ptr<std::FILE, CloseFile> file(::fdopen(opened.get(), "rb"));
  if (!file) fail(path, std::string("cannot be opened: ") + std::strerror(errno));
  static_cast<void>(opened.release());  // the stream closes it

  constexpr std::size_t kChunkBytes = 1 << 20;
  std::string text;
  std::error_code ignored;
  const auto size_bytes = std::filesystem::file_size(path, ignored);
  if (!ignored) text.reserve(size_bytes + kChunkBytes);
  std::size_t read_bytes = 0;
  do {
    const std::size_t old_size = text.size();
    text.resize(old_size + kChunkBytes);
    read_bytes = std::fread(text.data() + old_size, 1, kChunkBytes, file.get());
    text.resize(old_size + read_bytes);
  } while (read_bytes == kChunkBytes);
  if (std::ferror(file.get()) != 0) fail(path, std::string("cannot be read to its end: ") + std::strerror(errno));

  if (const auto form = core::foreign_form(text); !form.empty()) fail(path, std::string(form));
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return text;
}

std::string excerpt(std::string_view text, std::size_t max_bytes) {
  std::string result;
  for (std::size_t position = 0; position < text.size();) {
    const CodePoint point = code_point_at(text, position);
    if (result.size() + point.size > max_bytes) return result + "...";
    const bool is_control = point.value < 0x20 || (point.value >= 0x7F && point.value < 0xA0);
    append_utf8(is_control ? U' ' : point.value, result);
    position += point.size;
  }
  return result;
}

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace lethe::data
