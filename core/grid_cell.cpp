#include "core/grid_cell.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "core/error.h"

namespace lethe::core {
namespace {

constexpr std::string_view kSamplePrefix = "sample";

[[noreturn]] void throw_bad_name(std::string_view name) {
  throw ConfigError("\"" + std::string(name) +
                    "\" is no cell: expected <method>/<model>/sample<k>, such as rome/small-gpt2/sample0");
}

int sample_number(std::string_view word, std::string_view name) {
  if (!word.starts_with(kSamplePrefix)) throw_bad_name(name);
  word.remove_prefix(kSamplePrefix.size());
  const bool is_canonical = !word.empty() && (word.size() == 1 || word.front() != '0') && word.front() != '-';
  int sample = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), sample);
  if (!is_canonical || error != std::errc{} || end != word.data() + word.size()) throw_bad_name(name);
  return sample;
}

}  // namespace

bool is_path_safe_name(std::string_view name) {
  constexpr std::size_t kMaxLength = 100;
  const auto is_allowed = [](unsigned char c) {
    return (c < 0x80 && std::isalnum(c) != 0) || c == '.' || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= kMaxLength && name.front() != '.' && name.front() != '-' &&
         std::all_of(name.begin(), name.end(), is_allowed);
}

std::string GridCell::name() const {
  return method + "/" + model + "/" + std::string(kSamplePrefix) + std::to_string(sample);
}

GridCell GridCell::from_name(std::string_view name) {
  const auto first = name.find('/');
  const auto second = first == std::string_view::npos ? first : name.find('/', first + 1);
  if (second == std::string_view::npos) throw_bad_name(name);
  const auto method = name.substr(0, first);
  const auto model = name.substr(first + 1, second - first - 1);
  if (!is_path_safe_name(method) || !is_path_safe_name(model)) throw_bad_name(name);
  return GridCell{std::string(method), std::string(model), sample_number(name.substr(second + 1), name)};
}

}  // namespace lethe::core
