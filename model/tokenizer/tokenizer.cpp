#include "model/tokenizer/tokenizer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/replace_all.h"
#include "data/unicode.h"
#include "model/tokenizer/tokenizer_bpe.h"
#include "model/tokenizer/tokenizer_source.h"

namespace lethe::model::inline tokenizer {
struct Tokenizer::Impl {
  /// Added tokens that are looked for in one pass over a text.
  struct Search {
    std::vector<AddedToken> tokens;  ///< longest first
    std::string first_bytes;         ///< that one can begin with

    /// Where the next one stands at or after `start`, the longest of those that begin there.
    struct Occurrence {
      std::size_t position = std::string_view::npos;
      const AddedToken* token = nullptr;
    };

    void add(const AddedToken& token) {
      const auto is_longer = [](const AddedToken& a, const AddedToken& b) {
        return a.content.size() > b.content.size();
      };
      tokens.insert(std::upper_bound(tokens.begin(), tokens.end(), token, is_longer), token);
      if (first_bytes.find(token.content.front()) == std::string::npos) first_bytes += token.content.front();
    }
    [[nodiscard]] Occurrence next(std::string_view text, std::size_t start) const {
      for (std::size_t position = text.find_first_of(first_bytes, start); position != std::string_view::npos;
           position = text.find_first_of(first_bytes, position + 1)) {
        for (const AddedToken& token : tokens) {
          if (text.substr(position).starts_with(token.content)) return {position, &token};
        }
      }
      return {};
    }
  };

  explicit Impl(TokenizerSource from);

  /// Appends the tokens of `text` that are looked for in `pass`, and of what stands between them those of later passes.
  /// It ends before an added token as at the end of a text.
  void append(std::string_view text, std::size_t pass, std::vector<TokenId>& ids) const;
  void append_plain(std::string_view text, std::vector<TokenId>& ids) const;

  std::vector<std::string> files;
  core::Digest digest;
  bool cleans_up_spaces;
  PreTokenizer pre_tokenizer;
  BytePairEncoder encoder;
  std::array<Search, 2> searches;     ///< tokens that are normalized come second
  std::vector<std::string> bytes_of;  ///< by id; empty for an id without token
  std::vector<bool> is_special;       ///< by id
  TokenId end_of_text = -1;
};

Tokenizer::Impl::Impl(TokenizerSource from)
    : files(std::move(from.files)),
      digest(from.digest),
      cleans_up_spaces(from.vocabulary.cleans_up_spaces),
      pre_tokenizer(from.vocabulary.pre_tokenizer),
      encoder(from.vocabulary) {
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
  for (const auto& [token, id] : from.vocabulary.ids) put(id, bytes_or_text(token), false);
  for (const AddedToken& token : from.vocabulary.added) {
    put(token.id, bytes_or_text(token.content), token.is_special);
    if (token.content == "<|endoftext|>") end_of_text = token.id;
    searches[token.is_normalized ? 1 : 0].add(token);
  }
}

void Tokenizer::Impl::append(std::string_view text, std::size_t pass, std::vector<TokenId>& ids) const {
  if (pass == searches.size()) return append_plain(text, ids);
  for (std::size_t start = 0; start < text.size();) {
    const auto [position, token] = searches[pass].next(text, start);
    append(text.substr(start, position - start), pass + 1, ids);
    if (token == nullptr) break;
    ids.push_back(token->id);
    start = position + token->content.size();
  }
}

void Tokenizer::Impl::append_plain(std::string_view text, std::vector<TokenId>& ids) const {
  for (const auto& [begin, end] : pre_tokenizer.pieces(text)) encoder.append(text.substr(begin, end - begin), ids);
}

Tokenizer Tokenizer::from_folder(const std::filesystem::path& folder) {
  return Tokenizer(std::make_unique<Impl>(read_tokenizer(folder)));
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
  impl_->append(text, 0, ids);
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
  if (!impl_->cleans_up_spaces) return text;
  for (const auto& [from, to] : kReplacements) core::replace_all(text, from, to);
  return text;
}

const std::vector<std::string>& Tokenizer::files() const { return impl_->files; }

core::Digest Tokenizer::digest() const { return impl_->digest; }

TokenId Tokenizer::end_of_text() const { return impl_->end_of_text; }

std::int64_t Tokenizer::vocab_size() const { return static_cast<std::int64_t>(impl_->bytes_of.size()); }

}  // namespace lethe::model::inline tokenizer
