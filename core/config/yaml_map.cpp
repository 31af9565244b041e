#include "core/config/yaml_map.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include "core/config/path_text.h"
#include "core/grid_cell.h"
#include "core/nearest_word.h"

namespace lethe::core::inline config {
namespace {

/// What stands at a node, short enough for a message.
std::string describe(const YAML::Node& node) {
  constexpr std::size_t kMaxShown = 60;
  switch (node.Type()) {
    case YAML::NodeType::Map:
      return "a map";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Scalar: {
      const auto& text = node.Scalar();
      if (text.size() <= kMaxShown) return "\"" + text + "\"";
      return "a text of " + std::to_string(text.size()) + " characters";
    }
    default:
      return "nothing";
  }
}

/// A scalar as a number may be written: not in quotes.
std::optional<std::string_view> plain_scalar(const YAML::Node& node) {
  if (!node.IsScalar() || node.Tag() == "!") return std::nullopt;
  return node.Scalar();
}

template <typename Number>
std::optional<Number> number_from(const YAML::Node& node) {
  auto text = plain_scalar(node);
  if (!text) return std::nullopt;
  if (text->starts_with('+')) text->remove_prefix(1);
  Number number{};
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return number;
}

std::string shortest(double value) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), end};
}

std::string in_words(IntegerRange range) {
  if (range.max == std::numeric_limits<std::int64_t>::max()) {
    return "a whole number of at least " + std::to_string(range.min);
  }
  return "a whole number from " + std::to_string(range.min) + " to " + std::to_string(range.max);
}

std::string in_words(RealRange range) {
  const auto least = std::string("a number ") + (range.includes_min ? "of at least " : "above ") + shortest(range.min);
  return std::isinf(range.max) ? least : least + " and at most " + shortest(range.max);
}

}  // namespace

void YamlValue::problem(const std::string& text) const {
  const auto& place = mark.is_null() ? node.Mark() : mark;
  problems->add(file->display, place, path.empty() ? text : path + ": " + text);
}

void YamlValue::inner_problem(const std::string& text) const {
  YamlValue whole = *this;
  whole.path.clear();
  whole.problem(path.empty() ? text : path + "." + text);
}

void YamlValue::unexpected(const std::string& what, std::span<const std::string> words) const {
  const auto hint = node.IsScalar() ? suggestion(node.Scalar(), words) : std::string();
  problem("expected " + what + ", found " + describe(node) + hint);
}

std::optional<YamlValue> YamlValue::child(const std::string& key) const {
  for (auto& [name, value] : children()) {
    if (name == key) return std::move(value);
  }
  return std::nullopt;
}

std::vector<std::pair<std::string, YamlValue>> YamlValue::children() const {
  std::vector<std::pair<std::string, YamlValue>> children;
  if (node.IsSequence()) {
    auto items = list("");
    for (auto& item : *items) {
      auto place = item.path.substr(path.size());
      children.emplace_back(std::move(place), std::move(item));
    }
  } else if (node.IsMap()) {
    for (const auto& entry : node) {
      const auto& key = entry.first;
      const auto& value = entry.second;
      if (!key.IsScalar()) continue;
      const auto& name = key.Scalar();
      const auto& place = value.IsNull() ? key.Mark() : value.Mark();
      children.emplace_back(name, YamlValue{file, value, path.empty() ? name : path + "." + name, problems, place});
    }
  }
  return children;
}

bool YamlValue::has_problem() const {
  return problems->has_one_at(file->display, mark.is_null() ? node.Mark() : mark, path);
}

std::optional<std::string> YamlValue::text() const {
  if (node.IsScalar() && !node.Scalar().empty()) return node.Scalar();
  unexpected("a text");
  return std::nullopt;
}

std::optional<bool> YamlValue::boolean() const {
  const auto scalar = plain_scalar(node);
  if (scalar == "true") return true;
  if (scalar == "false") return false;
  unexpected("true or false", std::vector<std::string>{"true", "false"});
  return std::nullopt;
}

std::optional<std::int64_t> YamlValue::integer(IntegerRange range) const {
  const auto number = number_from<std::int64_t>(node);
  if (number && *number >= range.min && *number <= range.max) return number;
  unexpected(in_words(range));
  return std::nullopt;
}

std::optional<double> YamlValue::real(RealRange range) const {
  const auto number = number_from<double>(node);
  if (number && range.contains(*number)) return number;
  unexpected(in_words(range));
  return std::nullopt;
}

std::optional<std::string> YamlValue::word(std::span<const std::string> words) const {
  if (node.IsScalar() && std::find(words.begin(), words.end(), node.Scalar()) != words.end()) return node.Scalar();
  unexpected(join_alternatives(words), words);
  return std::nullopt;
}

std::optional<std::string> YamlValue::name() const {
  if (node.IsScalar() && is_path_safe_name(node.Scalar())) return node.Scalar();
  unexpected("a name (letters, digits, '.', '_' and '-', not beginning with '.' or '-')");
  return std::nullopt;
}

std::optional<std::filesystem::path> YamlValue::file_path() const {
  const auto text = path_text();
  if (!text) return std::nullopt;
  return (file->folder / *text).lexically_normal();
}

std::optional<std::string> YamlValue::path_text() const {
  if (!node.IsScalar() || node.Scalar().empty()) {
    unexpected("a path");
    return std::nullopt;
  }
  std::string flaw;
  auto text = expand_path(node.Scalar(), flaw);
  if (flaw.empty()) return text;
  problem("\"" + node.Scalar() + "\": " + flaw);
  return std::nullopt;
}

std::optional<std::vector<YamlValue>> YamlValue::list(const std::string& what) const {
  if (!node.IsSequence()) {
    unexpected(what);
    return std::nullopt;
  }
  std::vector<YamlValue> items;
  for (const auto& item : node) {
    items.push_back({file, item, path + "[" + std::to_string(items.size()) + "]", problems, item.Mark()});
  }
  return items;
}

YamlMap::YamlMap(YamlValue value, const std::string& what) : value_(std::move(value)), is_map_(value_.node.IsMap()) {
  if (!is_map_) value_.unexpected(what);
}

std::string YamlMap::path_of(const std::string& key) const {
  return value_.path.empty() ? key : value_.path + "." + key;
}

bool YamlMap::remember(const std::string& key) {
  const bool is_new = asked_.insert(key).second;
  if (is_new) known_.push_back(key);
  return is_new;
}

std::vector<std::pair<YamlValue, YamlValue>> YamlMap::entries() {
  std::vector<std::pair<YamlValue, YamlValue>> entries;
  if (!is_map_) return entries;
  for (const auto& entry : value_.node) {
    const auto key = entry.first.IsScalar() ? entry.first.Scalar() : std::string();
    if (!remember(key)) continue;
    entries.emplace_back(YamlValue{value_.file, entry.first, value_.path, value_.problems},
                         YamlValue{value_.file, entry.second, path_of(key), value_.problems,
                                   entry.second.IsNull() ? entry.first.Mark() : entry.second.Mark()});
  }
  return entries;
}

std::optional<YamlValue> YamlMap::find(const std::string& key, Presence presence, const std::string& expected) {
  remember(key);
  if (!is_map_) return std::nullopt;
  if (!children_) {
    children_.emplace();
    for (auto& [name, value] : value_.children()) children_->try_emplace(std::move(name), std::move(value));
  }
  if (const auto found = children_->find(key); found != children_->end()) return found->second;
  if (presence == Presence::kRequired) {
    value_.inner_problem(key + ": is missing; expected " + expected);
  }
  return std::nullopt;
}

void YamlMap::report_repeated() {
  std::map<std::string, int> first_lines;
  for (const auto& entry : value_.node) {
    if (!entry.first.IsScalar()) continue;
    const auto& key = entry.first.Scalar();
    const auto [first, is_new] = first_lines.try_emplace(key, entry.first.Mark().line + 1);
    if (is_new) continue;
    YamlValue{value_.file, entry.first, path_of(key), value_.problems}.problem(
        "is given twice (first in line " + std::to_string(first->second) + "); expected one value");
  }
}

void YamlMap::finish() {
  if (!is_map_) return;
  report_repeated();
  for (const auto& entry : value_.node) {
    const auto key = entry.first.IsScalar() ? entry.first.Scalar() : describe(entry.first);
    if (asked_.contains(key)) continue;
    const YamlValue place{value_.file, entry.first, path_of(key), value_.problems};
    if (key == "<<") {
      place.problem("merge keys are not supported; expected the keys written out");
    } else {
      place.problem("unknown key; expected " + join_alternatives(known_) + suggestion(key, known_));
    }
  }
}

std::optional<YamlValue> resolve(const YamlValue& value, std::optional<YamlFile>& file) {
  if (!value.node.IsScalar()) return value;
  const auto text = value.path_text();
  if (!text) return std::nullopt;
  const auto path = (value.file->folder / *text).lexically_normal();
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    value.problem("expected a file, found no " + path.string());
    return std::nullopt;
  }
  // Shown as the user would reach it: from where the naming file was reached.
  const std::filesystem::path named(*text);
  const auto shown = named.is_absolute() ? named : std::filesystem::path(value.file->display).parent_path() / named;
  file = read_yaml_file(shown, *value.problems);
  if (!file) return std::nullopt;
  return YamlValue{&*file, file->root, "", value.problems, file->root.Mark()};
}

}  // namespace lethe::core::inline config
