#include "model/tokenizer/regex_pattern.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/error.h"
#include "data/unicode.h"
#include "model/tokenizer/tokenizer_classes.h"

namespace lethe::model::inline tokenizer {
namespace {

[[noreturn]] void reject(const std::string& reason) { throw core::DataError(reason); }

std::string hexadecimal(char32_t value) {
  std::array<char, 8> digits{};
  const auto [end, error] =
      std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<std::uint32_t>(value), 16);
  return "\\x{" + std::string(digits.data(), end) + "}";
}

/// The inside of a bracket with the code points of a class, or with all others.
std::string members(CharacterClass kind, bool is_complement) {
  std::string text;
  for (const CodePointRange& range : ranges_of(kind, is_complement)) {
    text += hexadecimal(range.first);
    if (range.last > range.first) text += "-" + hexadecimal(range.last);
  }
  return text;
}

/// One pass over a pattern.
class Translation {
 public:
  explicit Translation(std::string_view pattern) : rest_(pattern) {}

  std::string run() {
    while (!rest_.empty()) step();
    if (groups_.size() > 1) reject("a parenthesis is not closed");
    return std::move(result_);
  }

 private:
  /// What a group is under.
  struct Group {
    bool ignores_case = false;
  };
  /// A character, or the inside of a bracket for a class.
  struct Item {
    char32_t value = 0;
    std::string members;
  };

  void step() {
    const char next = rest_.front();
    if (next == '[') return bracket();
    if (next == '(') return open_group();
    if (next == ')') return close_group();
    if (next == '*' || next == '+' || next == '?' || next == '{') return quantifier();
    if (next == '^' || next == '$') reject(std::string("the anchor ") + next + " is not known");
    if (next == '|' || next == '.') {
      rest_.remove_prefix(1);
      result_ += next == '|' ? "|" : "[^\\n]";
      return begin_anew();
    }
    put(item());
  }

  void put(const Item& item) {
    can_repeat_ = true;
    if (!item.members.empty()) {
      if (ignores_case()) reject("classes within (?i:...) are not known");
      result_ += "[" + item.members + "]";
      previous_ = 0;
      return;
    }
    check_case(item.value);
    if (ignores_case()) check_ligature(item.value);
    result_ += hexadecimal(item.value);
  }

  /// A character or an escape at the beginning of the rest, which it takes.
  Item item() {
    const data::CodePoint point = data::code_point_at(rest_, 0);
    if (!point.valid) reject("it is not UTF-8");
    rest_.remove_prefix(point.size);
    return point.value == '\\' ? escape() : Item{point.value, ""};
  }

  Item escape() {
    if (rest_.empty()) reject("it ends in a backslash");
    const data::CodePoint point = data::code_point_at(rest_, 0);
    rest_.remove_prefix(point.size);
    switch (point.value) {
      case 'n':
        return {'\n', ""};
      case 'r':
        return {'\r', ""};
      case 't':
        return {'\t', ""};
      case 'f':
        return {'\f', ""};
      case 'v':
        return {'\v', ""};
      case 's':
        return {0, members(CharacterClass::kSpace, false)};
      case 'S':
        return {0, members(CharacterClass::kSpace, true)};
      case 'p':
        return property(false);
      case 'P':
        return property(true);
      default:
        break;
    }
    if (point.value < 0x80 && std::ispunct(static_cast<int>(point.value)) != 0) return {point.value, ""};
    std::string shown = "\\";
    data::append_utf8(point.value, shown);
    reject(shown + " is not known");
  }

  Item property(bool is_complement) {
    const std::size_t close = rest_.find('}');
    if (!rest_.starts_with('{') || close == std::string_view::npos) reject("\\p without {...}");
    const std::string_view name = rest_.substr(1, close - 1);
    rest_.remove_prefix(close + 1);
    if (name == "L") return {0, members(CharacterClass::kLetter, is_complement)};
    if (name == "N") return {0, members(CharacterClass::kNumber, is_complement)};
    reject("\\p{" + data::replace_invalid_utf8(name) + "} is not known; \\p{L} and \\p{N} are");
  }

  void bracket() {
    rest_.remove_prefix(1);
    const bool is_complement = take('^');
    if (is_complement && ignores_case()) reject("classes within (?i:...) are not known");
    if (rest_.starts_with(']')) reject("a class without members");
    std::string inside;
    while (!take(']')) {
      if (rest_.empty()) reject("a bracket is not closed");
      if (rest_.starts_with('[') || rest_.starts_with("&&")) reject("classes of classes are not known");
      add_member(inside);
    }
    result_ += (is_complement ? "[^" : "[") + inside + "]";
    previous_ = 0;
    can_repeat_ = true;
  }

  void add_member(std::string& inside) {
    const bool is_first = inside.empty();
    const bool is_hyphen = rest_.starts_with('-');
    const Item first = item();
    const bool is_range = rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']';
    if (is_hyphen && (is_range || (!is_first && !rest_.starts_with(']')))) reject("a hyphen amid a class; escape it");
    if (!first.members.empty()) {
      if (is_range) reject("a range from a class");
      if (ignores_case()) reject("classes within (?i:...) are not known");
      inside += first.members;
      return;
    }
    check_case(first.value);
    inside += hexadecimal(first.value);
    if (!is_range) return;
    rest_.remove_prefix(1);
    if (rest_.starts_with('[')) reject("classes of classes are not known");
    const Item last = item();
    if (!last.members.empty() || last.value < first.value) reject("a range that ends before it begins");
    check_case(last.value);
    inside += "-" + hexadecimal(last.value);
  }

  void open_group() {
    static constexpr std::array<std::string_view, 6> kKnown{"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>"};
    if (rest_.starts_with("(*")) reject("(* is not known");
    Group group = groups_.back();
    std::string_view opening = "(";
    if (rest_.starts_with("(?i:")) {
      opening = "(?i:";
      group.ignores_case = true;
    } else if (rest_.starts_with("(?")) {
      const auto* known = std::ranges::find_if(kKnown, [&](std::string_view form) { return rest_.starts_with(form); });
      if (known == kKnown.end()) reject("a group that begins with " + shown_start() + " is not known");
      opening = *known;
    }
    if (groups_.size() > 50) reject("more than 50 groups within one another");
    groups_.push_back(group);
    result_ += opening;
    rest_.remove_prefix(opening.size());
    begin_anew();
  }

  void close_group() {
    if (groups_.size() == 1) reject("a parenthesis too many");
    groups_.pop_back();
    rest_.remove_prefix(1);
    result_ += ")";
    previous_ = 0;
    can_repeat_ = true;
  }

  /// *, +, ?, and {m}, {m,}, {m,n}: greedy, or followed by ? or + but for the braces, of which the two libraries then
  /// differ.
  void quantifier() {
    if (!can_repeat_) reject("nothing stands before " + shown_start());
    can_repeat_ = false;
    previous_ = 0;
    if (rest_.front() == '{') {
      const std::size_t close = rest_.find('}');
      const auto is_count = [](char c) { return (c >= '0' && c <= '9') || c == ','; };
      const std::string_view counts = rest_.substr(1, close == std::string_view::npos ? close : close - 1);
      if (close == std::string_view::npos || counts.empty() || counts.front() == ',' || counts.size() > 9 ||
          !std::ranges::all_of(counts, is_count) || std::ranges::count(counts, ',') > 1) {
        reject("a brace that is no count; escape it");
      }
      result_ += rest_.substr(0, close + 1);
      rest_.remove_prefix(close + 1);
      return;
    }
    result_ += rest_.front();
    rest_.remove_prefix(1);
    if (rest_.starts_with('?') || rest_.starts_with('+')) {
      result_ += rest_.front();
      rest_.remove_prefix(1);
    }
  }

  bool take(char wanted) {
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void begin_anew() {
    previous_ = 0;
    can_repeat_ = false;
  }

  [[nodiscard]] bool ignores_case() const { return groups_.back().ignores_case; }
  [[nodiscard]] std::string shown_start() const { return data::replace_invalid_utf8(rest_.substr(0, 4)); }

  /// Letters beyond ASCII would be folded by the library's version of Unicode.
  void check_case(char32_t value) const {
    if (ignores_case() && value >= 0x80) reject("characters beyond ASCII within (?i:...) are not known");
  }

  /// Oniguruma has two letters match a ligature of them where case is ignored, PCRE2 does not.
  void check_ligature(char32_t value) {
    static constexpr std::array<std::string_view, 5> kFolded{"ss", "st", "ff", "fi", "fl"};
    const auto lower = static_cast<char>(std::tolower(static_cast<int>(value)));
    const std::string pair{previous_, lower};
    if (std::ranges::find(kFolded, pair) != kFolded.end()) reject("\"" + pair + "\" within (?i:...) is not known");
    previous_ = lower;
  }

  std::string_view rest_;
  std::string result_;
  std::vector<Group> groups_{Group{}};
  bool can_repeat_ = false;  ///< whether a quantifier may follow
  char previous_ = 0;        ///< the letter just put where case is ignored
};

}  // namespace

std::string pcre2_pattern(std::string_view pattern) {
  constexpr std::size_t kMostBytes = 4096;
  if (pattern.empty()) reject("it is empty");
  if (pattern.size() > kMostBytes) reject("it is longer than " + std::to_string(kMostBytes) + " bytes");
  return Translation(pattern).run();
}

}  // namespace lethe::model::inline tokenizer
