#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.h"

namespace lethe::model::inline tokenizer {

using TokenId = std::int32_t;

/// Byte-level BPE, token for token as Hugging Face `tokenizers` computes it: GPT-2's, and what a tokenizer.json says of
/// the splitting before it. No BOS/EOS is added, "<|endoftext|>" in the text becomes its special token. Immutable; safe
/// to share between threads. Unicode classes are those of Unicode 16 on every host.
class Tokenizer {
 public:
  /// Reads a folder's tokenizer.json, or where it has none its vocab.json + merges.txt (or encoder.json + vocab.bpe),
  /// and what tokenizer_config.json, added_tokens.json and special_tokens_map.json add. Throws `core::DataError` naming
  /// file and line or key, also for settings that would give other ids than these.
  static Tokenizer from_folder(const std::filesystem::path& folder);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// Ill-formed UTF-8 in `text` is read as U+FFFD, one per maximal subpart. Linear in the text's length.
  [[nodiscard]] std::vector<TokenId> encode(std::string_view text) const;
  /// Bytes of the tokens joined; invalid UTF-8 becomes U+FFFD, and ids without a token are left out, as Hugging
  /// Face decodes. `skip_special_tokens` leaves "<|endoftext|>" out.
  [[nodiscard]] std::string decode(std::span<const TokenId> ids, bool skip_special_tokens = false) const;
  /// `decode` + the clean-up of spaces before punctuation and contractions, unless the folder's
  /// clean_up_tokenization_spaces is false.
  [[nodiscard]] std::string decode_cleaned(std::span<const TokenId> ids, bool skip_special_tokens = false) const;
  [[nodiscard]] TokenId end_of_text() const;
  /// Names of the folder's files that were read.
  [[nodiscard]] const std::vector<std::string>& files() const;
  /// Digest of the files that decide ids and texts, as it stands in identities.
  [[nodiscard]] core::Digest digest() const;
  /// One past the largest token id; a network's vocabulary may be larger (GPT-J pads it), never smaller.
  [[nodiscard]] std::int64_t vocab_size() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lethe::model::inline tokenizer
