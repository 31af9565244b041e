#include "core/strict_json.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <utility>
#include <vector>

#include "core/foreign_form.h"

namespace lethe::core {
namespace {

/// Deeper than any file we know of; keeps hostile nesting from costing memory.
constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxShown = 160;
constexpr std::string_view kBlanks = " \t\r\n";

/// Goes through a text and lets its owner see how far the parser has read.
class Cursor {
 public:
  // Names that the standard asks for. NOLINTBEGIN(readability-identifier-naming)
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;
  // NOLINTEND(readability-identifier-naming)

  explicit Cursor(const char** at) : at_(at) {}
  reference operator*() const { return **at_; }
  Cursor& operator++() {
    ++*at_;
    return *this;
  }
  bool operator==(const Cursor& other) const { return *at_ == *other.at_; }

 private:
  const char** at_;
};

[[noreturn]] void fail_at(std::string_view text, std::size_t offset, const std::string& reason, bool is_unfinished) {
  const auto before = text.substr(0, offset);
  const auto line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  const auto column = before.size() - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
  throw JsonError(reason, line, column, is_unfinished);
}

/// A key as JSON writes it, cut where it is long.
std::string shown(const std::string& key) {
  const auto cut = key.size() > kMaxShown / 2 ? key.substr(0, kMaxShown / 2) + "..." : key;
  return nlohmann::json(cut).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Where the string begins whose closing quote stands before `end`.
std::size_t begin_of_string(std::string_view text, std::size_t end) {
  auto quote = text.rfind('"', end - 2);
  while (quote != std::string_view::npos && quote > 0) {
    auto num_escapes = std::size_t{0};
    while (num_escapes < quote && text[quote - 1 - num_escapes] == '\\') ++num_escapes;
    if (num_escapes % 2 == 0) return quote;
    quote = text.rfind('"', quote - 1);
  }
  return quote == std::string_view::npos ? 0 : quote;
}

struct Misspelling {
  std::string_view word, remedy;
};
constexpr std::array kMisspellings{
    Misspelling{"NaN", "NaN is no JSON; write a number or null"},
    Misspelling{"nan", "nan is no JSON; write a number or null"},
    Misspelling{"Infinity", "Infinity is no JSON; write a number or null"},
    Misspelling{"-Infinity", "-Infinity is no JSON; write a number or null"},
    Misspelling{"inf", "inf is no JSON; write a number or null"},
    Misspelling{"-inf", "-inf is no JSON; write a number or null"},
    Misspelling{"None", "None is Python's; write null"},
    Misspelling{"True", "True is Python's; write true"},
    Misspelling{"False", "False is Python's; write false"},
};

/// What stands at the place that the parser could not go on from, if it is a known mistake.
std::string_view known_mistake(std::string_view text, std::size_t offset) {
  if (offset >= text.size()) return {};
  const auto is_of_word = [&](std::size_t at) {
    return std::isalnum(static_cast<unsigned char>(text[at])) != 0 || text[at] == '-';
  };
  auto begin = offset;
  while (begin > 0 && is_of_word(begin - 1)) --begin;
  auto end = offset;
  while (end < text.size() && is_of_word(end)) ++end;
  const auto word = text.substr(begin, end - begin);
  const auto* const found = std::ranges::find(kMisspellings, word, &Misspelling::word);
  if (found != kMisspellings.end()) return found->remedy;
  const auto before = text.substr(0, offset).find_last_not_of(kBlanks);
  const char last = before == std::string_view::npos ? '\0' : text[before];
  const bool closes = text[offset] == ']' || text[offset] == '}';
  if (closes && last == ',') return "a comma stands before the closing bracket; remove it";
  if (text[offset] == '\'')
    return "text stands in single quotes, as Python prints it; write double quotes (json.dumps)";
  if (text[offset] == '/' || text[offset] == '#') return "JSON has no comments; remove them";
  return {};
}

/// The parser's own reason, without its prefix ("[json.exception...] parse error at line 1, column 2: ").
std::string reason_of(const nlohmann::json::exception& error) {
  std::string_view reason = error.what();
  const auto place = reason.find("column ");
  const auto end = place == std::string_view::npos ? reason.find("] ") : reason.find(": ", place);
  if (end != std::string_view::npos) reason.remove_prefix(end + 2);
  std::string text;
  for (const char byte : reason.substr(0, kMaxShown)) {
    const auto code = static_cast<unsigned char>(byte);
    text += code < 0x20 || code > 0x7E ? '?' : byte;
  }
  return reason.size() > kMaxShown ? text + "..." : text;
}

/// Takes the parser's events and makes the value of them.
template <typename Value>
class Builder {
 public:
  // Names that the parser asks for. NOLINTBEGIN(readability-identifier-naming)
  using number_integer_t = typename Value::number_integer_t;
  using number_unsigned_t = typename Value::number_unsigned_t;
  using number_float_t = typename Value::number_float_t;
  using string_t = typename Value::string_t;
  using binary_t = typename Value::binary_t;
  // NOLINTEND(readability-identifier-naming)

  /// `visit`, if there is one, takes the elements of the outermost list.
  Builder(std::string_view text, const std::function<void(Value&&)>* visit) : text_(text), visit_(visit) {}

  Value value() {
    begin_ = text_.data();
    const char* end = text_.data() + text_.size();
    Value::sax_parse(Cursor(&begin_), Cursor(&end), this);
    return std::move(root_);
  }

  bool null() { return scalar(nullptr); }
  bool boolean(bool value) { return scalar(value); }
  bool number_integer(number_integer_t value) { return scalar(value); }
  bool number_unsigned(number_unsigned_t value) { return scalar(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) { return scalar(value); }
  bool string(string_t& value) { return scalar(std::move(value)); }
  bool binary(binary_t& value) { return scalar(std::move(value)); }

  bool start_object(std::size_t /*size*/) { return open(Value::object()); }
  bool start_array(std::size_t /*size*/) { return open(Value::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(string_t& name) {
    auto& object = open_.back()->template get_ref<typename Value::object_t&>();
    const auto [place, is_new] = object.emplace(name, nullptr);
    if (!is_new) {
      const auto end = static_cast<std::size_t>(begin_ - text_.data());
      fail_at(text_, begin_of_string(text_, end),
              "the key " + shown(name) + " is there twice in one object; remove one of the two", false);
    }
    slot_ = &place->second;
    return true;
  }

  template <typename Error>
  bool parse_error(std::size_t position, const std::string& /*token*/, const Error& error) {
    if (const auto form = foreign_form(text_); !form.empty()) throw JsonError(std::string(form), 0, 0);
    // The parser counts from 1 and has read the byte that it cannot go on with.
    const auto offset = std::min(position == 0 ? 0 : position - 1, text_.size());
    const bool is_unfinished = position > text_.size();
    if (is_unfinished) fail_at(text_, offset, "is no JSON: it ends in mid-text", true);
    const auto own = reason_of(error);
    const bool is_in_string = own.find("invalid string") != std::string::npos;
    const auto mistake = is_in_string ? std::string_view() : known_mistake(text_, offset);
    const bool has_rest = own.find("expected end of input") != std::string::npos;
    fail_at(text_, offset,
            "is no JSON: " + (!mistake.empty() ? std::string(mistake)
                              : has_rest ? "more text follows the first value, and one is expected; join values (jq -s "
                                           "add), or put each on a line of its own where lines are read (jq -c .)"
                                         : own),
            false);
  }

 private:
  std::string_view text_;
  const char* begin_ = nullptr;  ///< of what is not read yet
  const std::function<void(Value&&)>* visit_;
  Value root_;
  std::vector<Value*> open_;  ///< lists and objects around the place that is read
  Value* slot_ = nullptr;     ///< of the key that was read last

  Value* put(Value&& value) {
    if (open_.empty()) return &(root_ = std::move(value));
    if (!open_.back()->is_array()) return &(*slot_ = std::move(value));
    auto& list = open_.back()->template get_ref<typename Value::array_t&>();
    return &list.emplace_back(std::move(value));
  }
  bool scalar(Value&& value) {
    if (open_.empty() && visit_ != nullptr) refuse_no_list();
    put(std::move(value));
    hand_on();
    return true;
  }
  bool open(Value&& value) {
    if (open_.empty() && visit_ != nullptr && !value.is_array()) refuse_no_list();
    if (open_.size() >= kMaxDepth) {
      throw JsonError("is no JSON that lethe reads: nested more than " + std::to_string(kMaxDepth) + " levels deep", 0,
                      0);
    }
    open_.push_back(put(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    hand_on();
    return true;
  }
  /// An element of the outermost list is complete.
  void hand_on() {
    if (visit_ == nullptr || open_.size() != 1) return;
    auto& list = root_.template get_ref<typename Value::array_t&>();
    (*visit_)(std::move(list.back()));
    list.pop_back();
  }
  [[noreturn]] static void refuse_no_list() { throw JsonError("is no JSON list ([...])", 0, 0); }
};

template <typename Value>
Value built(std::string_view text, const std::function<void(Value&&)>* visit = nullptr) {
  if (text.find_first_not_of(kBlanks) == std::string_view::npos) {
    throw JsonError("is empty, expected JSON", 0, 0, true);
  }
  return Builder<Value>(text, visit).value();
}

}  // namespace

nlohmann::json strict_json(std::string_view text) { return built<nlohmann::json>(text); }

nlohmann::ordered_json strict_ordered_json(std::string_view text) { return built<nlohmann::ordered_json>(text); }

std::optional<nlohmann::json> json_if_sound(std::string_view text) {
  try {
    return strict_json(text);
  } catch (const JsonError&) {
    return std::nullopt;
  }
}

void visit_json_list(std::string_view text, const std::function<void(nlohmann::json&&)>& visit) {
  built<nlohmann::json>(text, &visit);
}

}  // namespace lethe::core
