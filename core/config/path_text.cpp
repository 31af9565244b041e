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

/// With which a shell does more than put a variable's value: ${NAME:-other}.
constexpr std::string_view kOperators = ":-+=?#%/^,@[";

/// "~anna": a shell looks up the home of that user.
bool is_user(std::string_view part) { return part.size() > 1 && part[0] == '~' && name_length(part.substr(1)) > 0; }

}  // namespace

std::string expand_path(std::string_view text, std::string& problem) {
  std::string path;
  const auto append_variable = [&](const std::string& name, const std::string& written) {
    const char* value = std::getenv(name.c_str());
    if (value != nullptr) path += value;
    if (value == nullptr && problem.empty()) problem = written + " is not set in the environment; expected a path";
  };
  if (const auto user = text.substr(0, text.find('/')); is_user(user)) {
    problem = std::string(user) + ": homes of users are not looked up, only ~ and ~/ are replaced; write the path out" +
              ", or ./" + std::string(user) + " for a file of this name";
    return std::string(text);
  }
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
    const auto behind = is_braced ? text.substr(2 + length) : std::string_view("}");
    const bool is_closed = behind.starts_with('}');
    if (length > 0 && !is_closed && !behind.empty() && kOperators.find(behind.front()) != std::string_view::npos) {
      const auto written = text.substr(0, std::min(text.find('}'), text.size() - 1) + 1);
      if (problem.empty()) {
        problem = std::string(written) + ": of variables only $NAME and ${NAME} are replaced; write the value out";
      }
      return path + std::string(text);
    }
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
