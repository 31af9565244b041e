#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "model/tokenizer/tokenizer_component.h"

namespace lethe::model::inline tokenizer {

/// Bytes [begin, end) of a text.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;

  bool operator==(const Span&) const = default;
};

/// GPT-2's pattern (tokenizer_split.h): each match is a piece.
struct Gpt2Split {
  bool operator==(const Gpt2Split&) const = default;
};

/// Numbers (\p{N}) are cut from what is around them: each digit is a piece, or each run of them.
struct DigitsSplit {
  bool each_alone = false;

  bool operator==(const DigitsSplit&) const = default;
};

/// Cuts a text into the pieces that byte-pair encoding works on: the "pre_tokenizer" of a tokenizer.json. Each step
/// cuts the pieces of the one before, and sees of the text no more than its piece. Immutable.
class PreTokenizer {
 public:
  /// GPT-2's, which a folder of vocab.json + merges.txt has.
  PreTokenizer() : steps_{Gpt2Split{}} {}
  /// ByteLevel, or a Sequence that ends in it. Throws `core::DataError` naming file, key and value for all else.
  explicit PreTokenizer(const Component& description);

  /// They cover `text` (valid UTF-8), and none is empty.
  [[nodiscard]] std::vector<Span> pieces(std::string_view text) const;
  bool operator==(const PreTokenizer&) const = default;

 private:
  using Step = std::variant<Gpt2Split, DigitsSplit>;

  void add(const Component& description, bool is_last);

  std::vector<Step> steps_;
};

}  // namespace lethe::model::inline tokenizer
