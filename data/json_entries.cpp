#include "data/json_entries.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/error.h"
#include "data/text_file.h"

namespace lethe::data {
namespace {

/// Deeper than any file we know of; keeps hostile nesting from costing memory.
constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxProblems = 20;

struct TooDeep {};

/// "line 3, column 17" of a byte offset.
std::string line_and_column(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return "line " + std::to_string(line) + ", column " + std::to_string(before.size() - line_start + 1);
}

/// The parser's own reason, without its prefix ("[json.exception...] parse error at line 1, column 2: ").
std::string reason_of(const Json::exception& error) {
  std::string_view reason = error.what();
  const std::size_t place = reason.find("column ");
  const std::size_t end = place == std::string_view::npos ? reason.find("] ") : reason.find(": ", place);
  if (end != std::string_view::npos) reason.remove_prefix(end + 2);
  return excerpt(reason, 160);
}

[[noreturn]] void fail_parse(std::string_view text, const std::string& place, const Json::exception& error) {
  const auto* parse_error = dynamic_cast<const Json::parse_error*>(&error);
  std::string message = place + ": ";
  if (parse_error != nullptr) {
    // The parser counts from 1 and points behind the offending byte.
    const std::size_t offset = std::min(parse_error->byte == 0 ? 0 : parse_error->byte - 1, text.size());
    message += line_and_column(text, offset) + ": ";
  }
  throw core::DataError(message + "malformed JSON: " + reason_of(error));
}

/// Parses `text`; `on_event` sees every event and may drop values (nlohmann's callback).
Json parse_with(std::string_view text, const std::string& place, const Json::parser_callback_t& on_event) {
  const auto guarded = [&on_event](int depth, Json::parse_event_t event, Json& value) {
    if (depth > kMaxDepth) throw TooDeep{};
    return on_event(depth, event, value);
  };
  try {
    return Json::parse(text.data(), text.data() + text.size(), guarded);
  } catch (const TooDeep&) {
    throw core::DataError(place + ": malformed JSON: nested more than " + std::to_string(kMaxDepth) + " levels deep");
  } catch (const Json::exception& error) {
    fail_parse(text, place, error);
  }
}

void visit_list(std::string_view text, const std::string& file,
                const std::function<void(const Json&, const std::string&)>& visit) {
  std::size_t index = 0;
  // An element of the list is complete at depth 1: hand it on and drop it.
  const auto on_event = [&](int depth, Json::parse_event_t event, Json& value) {
    using Event = Json::parse_event_t;
    const bool is_complete = event == Event::object_end || event == Event::array_end || event == Event::value;
    if (depth != 1 || !is_complete) return true;
    visit(value, file + ": entry " + std::to_string(index++));
    return false;
  };
  parse_with(text, file, on_event);
}

/// A pretty-printed object, which only looks like JSON lines, is named with the lists in it.
void refuse_object_over_lines(std::string_view text, const std::string& file) {
  std::string_view rest = text;
  const bool is_whole = !is_unfinished_json(take_line(rest));
  const bool is_last = rest.find_first_not_of(" \t\r\n") == std::string_view::npos;
  if (is_whole || is_last) return;
  const Json whole = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  std::string lists;
  if (whole.is_object()) {
    for (const auto& [key, value] : whole.items()) {
      if (value.is_array()) lists += (lists.empty() ? "" : ", ") + excerpt(key);
    }
  }
  throw core::DataError(file + ": is a JSON object over several lines" +
                        (lists.empty() ? "" : ", with lists under " + excerpt(lists, 120)) +
                        "; a JSON list or JSON lines (one {...} a line) expected: convert it (jq '.NAME' for a list " +
                        "under a name, jq -c . for objects one after another)");
}

void visit_lines(std::string_view text, const std::string& file,
                 const std::function<void(const Json&, const std::string&)>& visit) {
  for (std::size_t line_number = 1; !text.empty(); ++line_number) {
    const std::string_view line = take_line(text);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string place = file + ": line " + std::to_string(line_number);
    visit(parse_json(line, place), place);
  }
}

}  // namespace

Json parse_json(std::string_view text, const std::string& place) {
  return parse_with(text, place, [](int, Json::parse_event_t, Json&) { return true; });
}

bool is_unfinished_json(std::string_view text) {
  try {
    static_cast<void>(parse_json(text, ""));
    return false;
  } catch (const core::DataError& error) {
    return std::string_view(error.what()).find("unexpected end of input") != std::string_view::npos;
  }
}

void for_each_json_entry(const std::filesystem::path& path,
                         const std::function<void(const Json&, const std::string&)>& visit) {
  const std::string text = read_text_file(path);
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string::npos)
    throw core::DataError(path.string() + ": is empty; a JSON list or JSON lines expected");
  if (text[start] == '[') return visit_list(text, path.string(), visit);
  if (text[start] == '{') {
    refuse_object_over_lines(std::string_view(text).substr(start), path.string());
    return visit_lines(text, path.string(), visit);
  }
  throw core::DataError(path.string() + ": begins with \"" + excerpt(std::string_view(text).substr(start), 20) +
                        "\"; a JSON list ([...]) or JSON lines (one {...} a line) expected");
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
