#pragma once

#include <string>
#include <variant>
#include <vector>

#include "model/tokenizer/text_rewriting.h"
#include "model/tokenizer/tokenizer_component.h"

namespace lethe::model::inline tokenizer {

/// Tokens in the byte alphabet become their bytes.
struct ByteAlphabetDecoding {
  bool operator==(const ByteAlphabetDecoding&) const = default;
};
/// Tokens "<0xNN>" become bytes; runs of them that are not UTF-8 become U+FFFD, one a byte.
struct ByteFallbackDecoding {
  bool operator==(const ByteFallbackDecoding&) const = default;
};
/// Tokens are joined to one.
struct Joining {
  bool operator==(const Joining&) const = default;
};
/// Takes up to `most` times `sign` from each token's beginning.
struct Stripping {
  std::string sign;
  std::int64_t most = 0;

  bool operator==(const Stripping&) const = default;
};
/// Signs of a word's beginning become blanks; those of the first token are taken away where encoding adds one.
struct MetaspaceDecoding {
  std::string sign;
  bool strips_first = true;

  bool operator==(const MetaspaceDecoding&) const = default;
};

/// Makes text of tokens: the "decoder" of a tokenizer.json. Immutable.
class TextDecoder {
 public:
  /// Of byte-level BPE.
  TextDecoder() : steps_{ByteAlphabetDecoding{}} {}
  /// ByteLevel, ByteFallback, Fuse, Metaspace, Replace, Strip and Sequence. Throws `core::DataError` naming file, key
  /// and value for all else.
  explicit TextDecoder(const Component& description) { add(description); }

  /// What is stripped from a text's beginning stays where the tokens are a continuation. The result is UTF-8.
  [[nodiscard]] std::string decode(std::vector<std::string> tokens, TextPlace place) const;
  bool operator==(const TextDecoder&) const = default;

 private:
  void add(const Component& description);

  std::vector<
      std::variant<ByteAlphabetDecoding, ByteFallbackDecoding, Joining, Stripping, MetaspaceDecoding, Replacement>>
      steps_;
};

}  // namespace lethe::model::inline tokenizer
