#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lethe::model::inline tokenizer {

using TokenId = std::int32_t;

/// GPT-2's byte-level BPE, token for token as Hugging Face `tokenizers` computes it: no BOS/EOS is added,
/// "<|endoftext|>" in the text becomes its special token. Immutable; safe to share between threads.
/// Unicode classes are those of Unicode 16 on every host.
class Tokenizer {
 public:
  /// Reads vocab.json + merges.txt of a folder (or encoder.json + vocab.bpe, or tokenizer.json), and its
  /// added_tokens.json. Throws `core::DataError` naming file and line or key.
  static Tokenizer from_folder(const std::filesystem::path& folder);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// Ill-formed UTF-8 in `text` is read as U+FFFD, one per maximal subpart. Linear in the text's length.
  [[nodiscard]] std::vector<TokenId> encode(std::string_view text) const;
  /// Bytes of the tokens joined; invalid UTF-8 becomes U+FFFD, and ids without a token are left out, as Hugging
  /// Face decodes. `skip_special_tokens` leaves "<|endoftext|>" out.
  [[nodiscard]] std::string decode(std::span<const TokenId> ids, bool skip_special_tokens = false) const;
  /// `decode` + the default clean-up of spaces before punctuation and contractions (clean_up_tokenization_spaces).
  [[nodiscard]] std::string decode_cleaned(std::span<const TokenId> ids, bool skip_special_tokens = false) const;
  [[nodiscard]] TokenId end_of_text() const;
  /// One past the largest token id; a network's vocabulary may be larger (GPT-J pads it), never smaller.
  [[nodiscard]] std::int64_t vocab_size() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lethe::model::inline tokenizer
