#include "data/json_entries.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/error.h"
#include "core/strict_json.h"
#include "data/text_file.h"

namespace lethe::data {
namespace {

constexpr std::size_t kMaxProblems = 20;

/// With the place in a file of several lines: "records.json: line 3, column 17: ...".
[[noreturn]] void refuse(const std::string& place, const core::JsonError& error) {
  const auto line_and_column =
      "line " + std::to_string(error.line()) + ", column " + std::to_string(error.column()) + ": ";
  throw core::DataError(place + ": " + (error.line() > 0 ? line_and_column : "") + error.what());
}

/// ", with lists under a, b" of an object's keys whose values are lists.
std::string lists_of(const Json& object) {
  std::string lists;
  for (const auto& [key, value] : object.items()) {
    if (value.is_array()) lists += (lists.empty() ? "" : ", ") + excerpt(key);
  }
  return lists.empty() ? lists : ", with lists under " + excerpt(lists, 120);
}

constexpr const char* kEntriesWanted = "; a JSON list or JSON lines (one {...} a line) expected: ";

/// A pretty-printed object, which only looks like JSON lines.
void refuse_object_over_lines(std::string_view text, const std::string& file) {
  std::string_view rest = text;
  const bool is_whole = !is_unfinished_json(take_line(rest));
  const bool is_last = rest.find_first_not_of(" \t\r\n") == std::string_view::npos;
  if (is_whole || is_last) return;
  const auto whole = core::json_if_sound(text);
  throw core::DataError(file + ": is a JSON object over several lines" +
                        (whole && whole->is_object() ? lists_of(*whole) : "") + kEntriesWanted +
                        "convert it (jq '.NAME' for a list under a name, jq -c . for objects one after another)");
}

/// An object around the entries, or one of columns, on a line: without the key that entries have, or with a list there.
void refuse_object_around_entries(const Json& object, const char* key, const std::string& place) {
  if (!object.is_object()) return;
  const auto found = object.find(key);
  if (found != object.end() && !found->is_array()) return;
  const bool is_around_objects =
      !object.empty() && std::ranges::all_of(object, [](const Json& value) { return value.is_object(); });
  const auto lists = lists_of(object);
  if (lists.empty() && !is_around_objects) return;
  const auto* const form = lists.empty() ? "is a JSON object of objects" : "is a JSON object";
  const auto* const remedy = lists.empty()           ? "give the values as a list (jq '[.[]]')"
                             : found == object.end() ? "give the list itself (jq '.NAME')"
                                                     : "give an object for each entry, not a list for each key";
  throw core::DataError(place + ": " + form + lists + ", and no entry, which has the key \"" + key + "\"" +
                        kEntriesWanted + remedy);
}

void visit_lines(std::string_view text, const std::string& file, const char* key,
                 const std::function<void(const Json&, const std::string&)>& visit) {
  bool is_first = true;
  for (std::size_t line_number = 1; !text.empty(); ++line_number) {
    const std::string_view line = take_line(text);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string place = file + ": line " + std::to_string(line_number);
    const auto entry = parse_json(line, place);
    if (std::exchange(is_first, false)) refuse_object_around_entries(entry, key, place);
    visit(entry, place);
  }
}

}  // namespace

Json parse_json(std::string_view text, const std::string& place) {
  try {
    return core::strict_json(text);
  } catch (const core::JsonError& error) {
    refuse(place, error);
  }
}

bool is_unfinished_json(std::string_view text) {
  try {
    static_cast<void>(core::strict_json(text));
    return false;
  } catch (const core::JsonError& error) {
    return error.is_unfinished();
  }
}

void visit_json_list(std::string_view text, const std::string& file,
                     const std::function<void(const Json&, const std::string&)>& visit) {
  std::size_t index = 0;
  try {
    core::visit_json_list(text, [&](Json&& entry) { visit(entry, file + ": entry " + std::to_string(index++)); });
  } catch (const core::JsonError& error) {
    refuse(file, error);
  }
}

void for_each_json_entry(const std::filesystem::path& path, const char* key,
                         const std::function<void(const Json&, const std::string&)>& visit) {
  const std::string text = read_text_file(path);
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string::npos)
    throw core::DataError(path.string() + ": is empty; a JSON list or JSON lines expected");
  if (text[start] == '[') return visit_json_list(text, path.string(), visit);
  if (text[start] == '{') {
    refuse_object_over_lines(std::string_view(text).substr(start), path.string());
    return visit_lines(text, path.string(), key, visit);
  }
  throw core::DataError(path.string() + ": begins with \"" + excerpt(std::string_view(text).substr(start), 20) +
                        "\"; a JSON list ([...]) or JSON lines (one {...} a line) expected: convert it");
}

void Problems::add(std::string problem) {
  if (++count_ <= kMaxProblems) first_.push_back(std::move(problem));
}

void Problems::throw_if_any() const {
  if (count_ == 0) return;
  std::string message;
  for (const std::string& problem : first_) {
    if (!message.empty()) message += '\n';
    message += problem;
  }
  if (count_ > first_.size()) message += "\n... and " + std::to_string(count_ - first_.size()) + " more problems";
  throw core::DataError(message);
}

EntryReader::EntryReader(const Json& object, std::string place, Problems& problems, std::string key_prefix)
    : object_(&object), place_(std::move(place)), problems_(&problems), key_prefix_(std::move(key_prefix)) {
  if (object.is_object()) return;
  problems_->add(place_ + ": an object expected, found " + describe(object));
  object_ = nullptr;
}

const Json* EntryReader::find(const char* key) const {
  if (object_ == nullptr) return nullptr;
  const auto found = object_->find(key);
  return found == object_->end() ? nullptr : &*found;
}

void EntryReader::report(const std::string& key, const std::string& reason) const {
  problems_->add(place_ + ", key \"" + key_prefix_ + key + "\": " + reason);
}

EntryReader EntryReader::object(const char* key) const {
  EntryReader nested = *this;
  nested.key_prefix_ += std::string(key) + ".";
  nested.object_ = find(key);
  if (object_ != nullptr && nested.object_ == nullptr) report(key, "is missing");
  if (nested.object_ != nullptr && !nested.object_->is_object()) {
    report(key, "an object expected, found " + describe(*nested.object_));
    nested.object_ = nullptr;
  }
  return nested;
}

std::string EntryReader::text(const char* key, const Json& value) const {
  if (value.is_string()) return value.get<std::string>();
  report(key, "a string expected, found " + describe(value));
  return {};
}

std::string EntryReader::required_text(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) {
    if (object_ != nullptr) report(key, "is missing");
    return {};
  }
  std::string result = text(key, *value);
  const bool is_blank = result.find_first_not_of(" \t\r\n") == std::string::npos;
  if (value->is_string() && is_blank) report(key, "is blank");
  return result;
}

std::string EntryReader::optional_text(const char* key) const {
  const Json* value = find(key);
  return value == nullptr || value->is_null() ? std::string() : text(key, *value);
}

std::int64_t EntryReader::required_integer(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) {
    if (object_ != nullptr) report(key, "is missing");
    return 0;
  }
  const auto integer = integer_of(*value);
  if (!integer) report(key, "an integer of at most 64 bits expected, found " + describe(*value));
  return integer.value_or(0);
}

std::vector<std::string> EntryReader::optional_texts(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr || value->is_null()) return {};
  if (!value->is_array()) {
    report(key, "a list of strings expected, found " + describe(*value));
    return {};
  }
  std::vector<std::string> texts;
  texts.reserve(value->size());
  for (const Json& element : *value) {
    const std::string place = std::string(key) + "[" + std::to_string(texts.size()) + "]";
    texts.push_back(text(place.c_str(), element));
    if (element.is_string() && texts.back().empty()) report(place, "is empty");
  }
  return texts;
}

std::optional<std::int64_t> integer_of(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  return std::nullopt;
}

std::string describe(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "a list";
    case Json::value_t::string:
      return "the string \"" + excerpt(value.get_ref<const std::string&>()) + "\"";
    case Json::value_t::boolean:
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      return value.dump();
    default:
      return "something else";
  }
}

}  // namespace lethe::data
