#include "model/tokenizer/text_pattern.h"

#include "core/error.h"

namespace lethe::model::inline tokenizer {
namespace {

std::variant<std::string, RegularExpression> form_of(const Component& owner) {
  const data::Json pattern = owner.value("pattern");
  const bool is_one = pattern.is_object() && pattern.size() == 1 && pattern.begin()->is_string();
  if (!is_one) owner.refuse("pattern", "{\"String\": ...} or {\"Regex\": ...} expected");
  const auto text = pattern.begin()->get<std::string>();
  if (pattern.begin().key() == "String") {
    if (text.empty()) owner.refuse("pattern", "it can match an empty text");
    return text;
  }
  if (pattern.begin().key() != "Regex") owner.refuse("pattern", "{\"String\": ...} or {\"Regex\": ...} expected");
  try {
    return RegularExpression(text, owner.name_of("pattern"));
  } catch (const core::DataError& error) {
    throw core::DataError(owner.name_of("pattern.Regex") + ": " + data::Json(text).dump() +
                          " is not supported: " + error.what());
  }
}

}  // namespace

TextPattern::TextPattern(const Component& owner) : form_(form_of(owner)) {}

std::vector<Span> TextPattern::matches(std::string_view text) const {
  if (const auto* expression = std::get_if<RegularExpression>(&form_)) return expression->matches(text);
  const auto& literal = std::get<std::string>(form_);
  std::vector<Span> matches;
  for (std::size_t at = text.find(literal); at != std::string_view::npos;
       at = text.find(literal, at + literal.size())) {
    matches.push_back({at, at + literal.size()});
  }
  return matches;
}

}  // namespace lethe::model::inline tokenizer
