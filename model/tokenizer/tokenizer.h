#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/digest.h"
#include "model/tokenizer/span.h"

namespace lethe::model::inline tokenizer {

using TokenId = std::int32_t;

/// Byte-pair encoding as a folder's files describe it, token for token as Hugging Face `tokenizers` computes it.
/// Immutable; safe to share between threads. Unicode classes are those of Unicode 16 on every host.
class Tokenizer {
 public:
  /// Reads a folder's tokenizer.json, or where it has none its vocab.json + merges.txt (or encoder.json + vocab.bpe),
  /// and what tokenizer_config.json, added_tokens.json and special_tokens_map.json add. Throws `core::DataError` naming
  /// file and line or key, also for settings that would give other ids than these.
  static Tokenizer from_folder(const std::filesystem::path& folder);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // What a network is given is a prompt, perhaps with continuations behind it; each text of a caller is one of the two.
  // Ill-formed UTF-8 is read as U+FFFD, one per maximal subpart. Linear in the text's length. A regular expression of
  // the files that needs too many steps throws `core::DataError`.

  /// A whole text: a prompt with all that stands before it, a document. The beginning-of-text token, if the tokenizer
  /// adds one, and its sign of a beginning are in front.
  [[nodiscard]] std::vector<TokenId> encode_prompt(std::string_view text) const;
  /// Text that stands behind other text, such as a target or an answer: without both.
  [[nodiscard]] std::vector<TokenId> encode_continuation(std::string_view text) const;
  /// Index in `encode_prompt(text)` of the last token that holds a byte of `stretch`; nothing if none does. `text` must
  /// be UTF-8.
  [[nodiscard]] std::optional<std::size_t> last_token_of(std::string_view text, const Span& stretch) const;

  /// Tokens joined as the tokenizer's decoder says; bytes that are not UTF-8 become U+FFFD, and ids without a token are
  /// left out, as Hugging Face decodes. `skip_special_tokens` leaves "<|endoftext|>" and other special tokens out.
  [[nodiscard]] std::string decode(std::span<const TokenId> ids, bool skip_special_tokens = false) const;
  /// Text that the ids of a continuation stand for: what encoding a whole text adds in front was not added to it, so
  /// nothing is stripped there. Cleaned up as by `decode_cleaned`.
  [[nodiscard]] std::string decode_continuation(std::span<const TokenId> ids) const;
  /// `decode` + the clean-up of spaces before punctuation and contractions, unless the folder's
  /// clean_up_tokenization_spaces is false.
  [[nodiscard]] std::string decode_cleaned(std::span<const TokenId> ids, bool skip_special_tokens = false) const;
  [[nodiscard]] TokenId end_of_text() const;
  /// The token that a text without any other begins from: what is put in front of prompts, else the end of another
  /// text.
  [[nodiscard]] TokenId start_of_text() const;
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
