#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/tokenizer/aligned_text.h"
#include "model/tokenizer/text_pattern.h"
#include "model/tokenizer/tokenizer_component.h"

namespace lethe::model::inline tokenizer {

/// What a text that is tokenized is to the text of which it is part.
enum class TextPlace { kWhole, kContinuation };

/// Unicode NFC.
struct Nfc {
  bool operator==(const Nfc&) const = default;
};

/// Puts a text in front, the sign of a word's beginning. A continuation, which stands behind other text, gets none.
struct Prefix {
  std::string text;
  bool only_at_beginning = false;  ///< else behind each added token too
  bool unless_there = false;

  bool operator==(const Prefix&) const = default;
};

/// Puts `content` in the place of each match.
struct Replacement {
  TextPattern pattern;
  std::string content;

  bool operator==(const Replacement&) const = default;
};

/// Rewrites a text, step by step: the "normalizer" of a tokenizer.json, and what Metaspace does to blanks. Immutable.
class TextRewriting {
 public:
  TextRewriting() = default;
  /// NFC, Prepend, Replace and Sequence. Throws `core::DataError` naming file, key and value for all else.
  explicit TextRewriting(const Component& normalizer) { add(normalizer); }

  template <typename Step>
  void add_step(Step step) {
    steps_.emplace_back(std::move(step));
  }
  [[nodiscard]] bool changes_nothing() const { return steps_.empty(); }
  [[nodiscard]] AlignedText apply(const TextView& text, TextPlace place) const;
  bool operator==(const TextRewriting&) const = default;

 private:
  void add(const Component& normalizer);

  std::vector<std::variant<Nfc, Prefix, Replacement>> steps_;
};

}  // namespace lethe::model::inline tokenizer
