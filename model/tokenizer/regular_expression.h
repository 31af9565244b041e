#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/tokenizer/span.h"

namespace lethe::model::inline tokenizer {

/// A pattern of a tokenizer.json, by PCRE2. Immutable; safe to share between threads.
class RegularExpression {
 public:
  /// `place` opens the errors of matching. Throws `core::DataError` that says what of the pattern is not followed.
  RegularExpression(std::string pattern, std::string place);

  /// All matches in `text` (valid UTF-8), from left to right; none overlap, none is empty. Throws `core::DataError`
  /// with the place where the pattern needs more steps or memory than any sound one does.
  [[nodiscard]] std::vector<Span> matches(std::string_view text) const;

  bool operator==(const RegularExpression& other) const { return pattern_ == other.pattern_; }

 private:
  struct Compiled;
  std::string pattern_;
  std::string place_;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace lethe::model::inline tokenizer
