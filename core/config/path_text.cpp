#include "core/config/path_text.h"

#include <algorithm>
#include <cstdlib>

namespace lethe::core::inline config {
namespace {

/// Length of a variable's name at the beginning of a text.
std::size_t name_length(std::string_view text) {
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return 0;
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_part) - text.begin());
}

}  // namespace

std::string expand_path(std::string_view text, std::string& unknown) {
  std::string path;
  const auto append_variable = [&](const std::string& name, const std::string& written) {
    const char* value = std::getenv(name.c_str());
    if (value != nullptr) path += value;
    if (value == nullptr && unknown.empty()) unknown = written;
  };
  if (text == "~" || text.starts_with("~/")) {
    append_variable("HOME", "~ ($HOME)");
    text.remove_prefix(1);
  }
  while (!text.empty()) {
    const auto dollar = std::min(text.find('$'), text.size());
    path += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.empty()) break;
    const bool is_braced = text.starts_with("${");
    const auto length = name_length(text.substr(is_braced ? 2 : 1));
    const bool is_closed = !is_braced || text.substr(2 + length).starts_with('}');
    if (length == 0 || !is_closed) {  // a dollar that stands for itself
      path += text.front();
      text.remove_prefix(1);
      continue;
    }
    const std::string name(text.substr(is_braced ? 2 : 1, length));
    append_variable(name, "$" + name);
    text.remove_prefix(length + (is_braced ? 3 : 1));
  }
  return path;
}

}  // namespace lethe::core::inline config
