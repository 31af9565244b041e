#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/tokenizer/regular_expression.h"
#include "model/tokenizer/tokenizer_component.h"

namespace lethe::model::inline tokenizer {

/// A text that is looked for as it is, or a regular expression: {"String": ...} or {"Regex": ...} of a tokenizer.json.
class TextPattern {
 public:
  explicit TextPattern(std::string literal) : form_(std::move(literal)) {}
  /// Reads the key "pattern". Throws `core::DataError` naming file, key and value for what is not followed.
  explicit TextPattern(const Component& owner);

  /// From left to right, none overlapping and none empty.
  [[nodiscard]] std::vector<Span> matches(std::string_view text) const;
  bool operator==(const TextPattern&) const = default;

 private:
  std::variant<std::string, RegularExpression> form_;
};

}  // namespace lethe::model::inline tokenizer
