#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "model/tokenizer/text_pattern.h"
#include "model/tokenizer/text_rewriting.h"
#include "model/tokenizer/tokenizer_component.h"

namespace lethe::model::inline tokenizer {

/// GPT-2's pattern (tokenizer_split.h): each match is a piece.
struct Gpt2Split {
  bool operator==(const Gpt2Split&) const = default;
};

/// Numbers (\p{N}) are cut from what is around them: each digit is a piece, or each run of them.
struct DigitsSplit {
  bool each_alone = false;

  bool operator==(const DigitsSplit&) const = default;
};

/// Cuts at the matches of a pattern.
struct PatternSplit {
  /// What becomes of the matches.
  enum class Matches { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };

  TextPattern pattern;
  Matches matches = Matches::kIsolated;
  bool is_inverted = false;  ///< matches are what stands between those of the pattern

  bool operator==(const PatternSplit&) const = default;
};

/// Cuts a text into the pieces that byte-pair encoding works on: the "pre_tokenizer" of a tokenizer.json. Each step
/// cuts the pieces of the one before, and sees of the text no more than its piece. Immutable.
class PreTokenizer {
 public:
  /// GPT-2's, which a folder of vocab.json + merges.txt has.
  PreTokenizer() : steps_{Gpt2Split{}}, is_byte_level_(true) {}
  /// Metaspace (first), Split, Digits, ByteLevel (last), and a Sequence of them; null leaves a text in one piece.
  /// Throws `core::DataError` naming file, key and value for all else.
  PreTokenizer(const data::Json& description, const std::string& place);

  /// What is made of a text before it is cut.
  [[nodiscard]] const TextRewriting& rewriting() const { return rewriting_; }
  /// None is empty; they cover `text` (valid UTF-8) but for matches that are removed.
  [[nodiscard]] std::vector<Span> pieces(std::string_view text) const;
  /// Whether the vocabulary is written in the byte alphabet (tokenizer_vocabulary.h).
  [[nodiscard]] bool is_byte_level() const { return is_byte_level_; }
  bool operator==(const PreTokenizer&) const = default;

 private:
  using Step = std::variant<Gpt2Split, DigitsSplit, PatternSplit>;

  void add(const Component& part);
  void add_byte_level(const Component& part);
  void add_metaspace(const Component& part);

  TextRewriting rewriting_;
  std::vector<Step> steps_;
  bool is_byte_level_ = false;
};

}  // namespace lethe::model::inline tokenizer
