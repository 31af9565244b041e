#include "report/latex_text.h"

#include <cctype>
#include <cstdint>
#include <map>
#include <optional>

#include <spdlog/fmt/fmt.h>

#include "report/code_points.h"

namespace lethe::report {
namespace {

const std::map<std::uint32_t, std::string_view>& symbols() {
  static const std::map<std::uint32_t, std::string_view> all{{'\\', "\\textbackslash{}"},
                                                             {'{', "\\{"},
                                                             {'}', "\\}"},
                                                             {'$', "\\$"},
                                                             {'&', "\\&"},
                                                             {'#', "\\#"},
                                                             {'%', "\\%"},
                                                             {'_', "\\_"},
                                                             {'^', "\\textasciicircum{}"},
                                                             {'~', "\\textasciitilde{}"},
                                                             {'<', "\\textless{}"},
                                                             {'>', "\\textgreater{}"},
                                                             {'|', "\\textbar{}"},
                                                             {'"', "{\\char34}"},
                                                             {'`', "{\\char96}"},
                                                             {0x2013, "--"},
                                                             {0x2014, "---"},
                                                             {0x2018, "{`}"},
                                                             {0x2019, "{'}"},
                                                             {0x201C, "{``}"},
                                                             {0x201D, "{''}"},
                                                             {0x2026, "\\ldots{}"},
                                                             {0x2192, "$\\rightarrow$"},
                                                             {0x2212, "$-$"},
                                                             {0x00D7, "$\\times$"},
                                                             {0x00B1, "$\\pm$"},
                                                             {0x0131, "\\i{}"},
                                                             {0x0141, "\\L{}"},
                                                             {0x0142, "\\l{}"},
                                                             {0x0152, "\\OE{}"},
                                                             {0x0153, "\\oe{}"}};
  return all;
}

/// Letters of Latin-1 that every encoding of LaTeX's has: all but eth and thorn.
bool is_latin_letter(std::uint32_t point) {
  const std::uint32_t without_case = point & ~0x20U;
  return point >= 0xC0U && point <= 0xFFU && without_case != 0xD0U && without_case != 0xD7U && without_case != 0xDEU;
}

// Latin Extended-A, from U+0100: LaTeX's accents and the letters below them; blank where a font needs more than that.
constexpr std::uint32_t kFirstAccented = 0x100U;
constexpr std::string_view kAccents =
    "==uu  ''^^..vvvv  ==uu..  vv^^uu..cc^^  ~~==uu  .   ^^cc ''ccvv    ''ccvv   ==uuHH  ''ccvv''^^ccvvccvv  "
    "~~==uurrHH  ^^^^\"''..vv ";
constexpr std::string_view kLetters =
    "AaAa  CcCcCcCcDd  EeEeEe  EeGgGgGgGgHh  IiIiIi  I   JjKk LlLlLl    NnNnNn   OoOoOo  RrRrRrSsSsSsSsTtTt  "
    "UuUuUuUuUu  WwYyYZzZzZz ";
static_assert(kAccents.size() == 0x80U && kLetters.size() == kAccents.size());

/// "\v{s}" for U+0161.
std::optional<std::string> accented(std::uint32_t point) {
  const std::size_t i = point - kFirstAccented;
  if (point < kFirstAccented || i >= kAccents.size() || kAccents[i] == ' ') return std::nullopt;
  const bool has_dot = kLetters[i] == 'i' || kLetters[i] == 'j';
  return fmt::format("\\{}{{{}{}}}", kAccents[i], has_dot ? "\\" : "", kLetters[i]);
}

/// What a character that is no part of a ligature becomes.
std::string latex_of(std::uint32_t point) {
  if (const auto found = symbols().find(point); found != symbols().end()) return std::string(found->second);
  if (point >= 0x20U && point < 0x7FU) return {static_cast<char>(point)};
  if (is_latin_letter(point)) return {static_cast<char>(0xC3U), static_cast<char>(0x80U | (point & 0x3FU))};
  if (point < 0x20U) return " ";
  return accented(point).value_or(fmt::format("[U+{:04X}]", point));
}

/// "-0.5", as the minus that it is: at the beginning of a word, before a digit.
bool is_minus(std::uint32_t point, std::optional<std::uint32_t> previous, std::string_view rest) {
  const bool begins = !previous || *previous == ' ' || *previous == '(';
  return point == '-' && begins && !rest.empty() && std::isdigit(static_cast<unsigned char>(rest.front())) != 0;
}

}  // namespace

std::string latex_text(std::string_view plain) {
  std::string text;
  std::optional<std::uint32_t> previous;
  while (!plain.empty()) {
    const auto point = take_code_point(plain);
    const bool is_ligature = point && point == previous && (*point == '-' || *point == ',' || *point == '\'');
    if (is_ligature) text += "{}";
    text += !point ? "[?]" : is_minus(*point, previous, plain) ? "$-$" : latex_of(*point);
    previous = point;
  }
  return text;
}

}  // namespace lethe::report
