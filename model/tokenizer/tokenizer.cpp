#include "model/tokenizer/tokenizer.h"

#include <algorithm>

#include "core/replace_all.h"
#include "data/unicode.h"
#include "model/tokenizer/tokenizer_bpe.h"
#include "model/tokenizer/tokenizer_split.h"
#include "model/tokenizer/tokenizer_vocabulary.h"

namespace lethe::model::inline tokenizer {
struct Tokenizer::Impl {
  explicit Impl(const Vocabulary& vocabulary);

  /// Where the next added token stands at or after `start`, the longest one of those that begin there.
  struct Occurrence {
    std::size_t position = std::string_view::npos;
    const AddedToken* token = nullptr;
  };
  [[nodiscard]] Occurrence next_added(std::string_view text, std::size_t start) const;
  void append_plain(std::string_view text, std::vector<TokenId>& ids) const;

  BytePairEncoder encoder;
  std::vector<AddedToken> added;      ///< longest first
  std::string added_first_bytes;      ///< bytes that an added token can begin with
  std::vector<std::string> bytes_of;  ///< by id; empty for an id without token
  std::vector<bool> is_special;       ///< by id
  TokenId end_of_text = -1;
};

Tokenizer::Impl::Impl(const Vocabulary& vocabulary) : encoder(vocabulary), added(vocabulary.added) {
  const auto put = [this](TokenId id, std::string bytes, bool special) {
    const auto index = static_cast<std::size_t>(id);
    if (index >= bytes_of.size()) {
      bytes_of.resize(index + 1);
      is_special.resize(index + 1);
    }
    bytes_of[index] = std::move(bytes);
    is_special[index] = special;
  };
  const auto bytes_or_text = [](const std::string& token) { return token_bytes(token).value_or(token); };
  for (const auto& [token, id] : vocabulary.ids) put(id, bytes_or_text(token), false);
  std::stable_sort(added.begin(), added.end(),
                   [](const AddedToken& a, const AddedToken& b) { return a.content.size() > b.content.size(); });
  for (const AddedToken& token : added) {
    put(token.id, bytes_or_text(token.content), token.is_special);
    if (token.content == "<|endoftext|>") end_of_text = token.id;
    if (added_first_bytes.find(token.content.front()) == std::string::npos) added_first_bytes += token.content.front();
  }
}

Tokenizer::Impl::Occurrence Tokenizer::Impl::next_added(std::string_view text, std::size_t start) const {
  for (std::size_t position = text.find_first_of(added_first_bytes, start); position != std::string_view::npos;
       position = text.find_first_of(added_first_bytes, position + 1)) {
    for (const AddedToken& token : added) {
      if (text.substr(position).starts_with(token.content)) return {position, &token};
    }
  }
  return {};
}

void Tokenizer::Impl::append_plain(std::string_view text, std::vector<TokenId>& ids) const {
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = piece_end(text, start);
    encoder.append(text.substr(start, end - start), ids);
    start = end;
  }
}

Tokenizer Tokenizer::from_folder(const std::filesystem::path& folder) {
  return Tokenizer(std::make_unique<Impl>(read_vocabulary(folder)));
}

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

std::vector<TokenId> Tokenizer::encode(std::string_view text) const {
  std::string repaired;
  if (data::first_invalid_utf8(text) != std::string_view::npos) {
    repaired = data::replace_invalid_utf8(text);
    text = repaired;
  }
  std::vector<TokenId> ids;
  for (std::size_t start = 0; start < text.size();) {
    const auto [position, token] = impl_->next_added(text, start);
    // What stands before an added token is split on its own: it ends there as at the end of a text.
    impl_->append_plain(text.substr(start, position - start), ids);
    if (token == nullptr) break;
    ids.push_back(token->id);
    start = position + token->content.size();
  }
  return ids;
}

std::string Tokenizer::decode(std::span<const TokenId> ids, bool skip_special_tokens) const {
  std::string bytes;
  for (const TokenId id : ids) {
    const auto index = static_cast<std::size_t>(id);
    if (id < 0 || index >= impl_->bytes_of.size()) continue;
    if (skip_special_tokens && impl_->is_special[index]) continue;
    bytes += impl_->bytes_of[index];
  }
  return data::replace_invalid_utf8(bytes);
}

std::string Tokenizer::decode_cleaned(std::span<const TokenId> ids, bool skip_special_tokens) const {
  struct Replacement {
    std::string_view from, to;
  };
  // In transformers' order (PreTrainedTokenizerBase.clean_up_tokenization).
  static constexpr Replacement kReplacements[] = {{" .", "."},     {" ?", "?"},     {" !", "!"},   {" ,", ","},
                                                  {" ' ", "'"},    {" n't", "n't"}, {" 'm", "'m"}, {" 's", "'s"},
                                                  {" 've", "'ve"}, {" 're", "'re"}};
  std::string text = decode(ids, skip_special_tokens);
  for (const auto& [from, to] : kReplacements) core::replace_all(text, from, to);
  return text;
}

TokenId Tokenizer::end_of_text() const { return impl_->end_of_text; }

std::int64_t Tokenizer::vocab_size() const { return static_cast<std::int64_t>(impl_->bytes_of.size()); }

}  // namespace lethe::model::inline tokenizer
