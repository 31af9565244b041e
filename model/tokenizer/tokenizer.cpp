#include "model/tokenizer/tokenizer.h"

#include <algorithm>
#include <iterator>
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

  /// A token, and where its first and last byte came from.
  struct Placed {
    TokenId id = -1;
    std::size_t first = 0;
    std::size_t last = 0;
  };

  explicit Impl(TokenizerSource from);

  [[nodiscard]] std::vector<Placed> encode(std::string_view text, TextPlace place) const;
  [[nodiscard]] std::vector<TokenId> ids(std::string_view text, TextPlace place) const;
  [[nodiscard]] std::vector<std::string> tokens_of(std::span<const TokenId> ids, bool skip_special_tokens) const;
  [[nodiscard]] std::string cleaned(std::string text) const;

  /// Appends the added tokens that `search` finds, and calls `append_other` with what stands before, between and behind
  /// them: it ends before an added token as at the end of a text.
  template <typename AppendOther>
  static void append(const Search& search, const TextView& text, const AppendOther& append_other,
                     std::vector<Placed>& tokens);
  /// What holds no added token as it was given.
  void append_raw(const TextView& text, TextPlace place, std::vector<Placed>& tokens) const;
  /// What holds no added token once it is normalized.
  void append_normalized(const TextView& text, TextPlace place, std::vector<Placed>& tokens) const;

  std::vector<std::string> files;
  core::Digest digest;
  bool cleans_up_spaces;
  TextRewriting normalizer;
  PreTokenizer pre_tokenizer;
  BytePairEncoder encoder;
  TextDecoder decoder;
  std::optional<TokenId> beginning;
  Search raw_search;         ///< tokens that are found in a text as it was given
  Search normalized_search;  ///< tokens that are looked for in what is left, once it is normalized
  std::vector<std::optional<std::string>> token_of;  ///< by id
  std::vector<bool> is_special;                      ///< by id
  TokenId end_of_text = -1;
};

Tokenizer::Impl::Impl(TokenizerSource from)
    : files(std::move(from.files)),
      digest(from.digest),
      cleans_up_spaces(from.vocabulary.cleans_up_spaces),
      normalizer(from.vocabulary.normalizer),
      pre_tokenizer(from.vocabulary.pre_tokenizer),
      encoder(from.vocabulary),
      decoder(from.vocabulary.decoder),
      beginning(from.vocabulary.beginning) {
  const auto put = [this](TokenId id, const std::string& token, bool special) {
    const auto index = static_cast<std::size_t>(id);
    if (index >= token_of.size()) {
      token_of.resize(index + 1);
      is_special.resize(index + 1);
    }
    token_of[index] = token;
    is_special[index] = special;
  };
  for (const auto& [token, id] : from.vocabulary.ids) put(id, token, false);
  for (AddedToken& token : from.vocabulary.added) {
    put(token.id, token.content, token.is_special);
    if (token.content == from.vocabulary.end_of_text) end_of_text = token.id;
    if (!token.is_normalized) {
      raw_search.add(token);
      continue;
    }
    if (!normalizer.changes_nothing()) {
      token.content = normalizer.apply({token.content}, TextPlace::kWhole).bytes;
    }
    normalized_search.add(token);
  }
}

template <typename AppendOther>
void Tokenizer::Impl::append(const Search& search, const TextView& text, const AppendOther& append_other,
                             std::vector<Placed>& tokens) {
  for (std::size_t start = 0; start < text.bytes.size();) {
    const auto [position, token] = search.next(text.bytes, start);
    const std::size_t end = std::min(position, text.bytes.size());
    if (end > start) append_other(text.part({start, end}));
    if (token == nullptr) break;
    start = position + token->content.size();
    tokens.push_back({token->id, text.origin_of(position), text.origin_of(start - 1)});
  }
}

void Tokenizer::Impl::append_raw(const TextView& text, TextPlace place, std::vector<Placed>& tokens) const {
  const auto append_other = [&](const TextView& rest) { append_normalized(rest, place, tokens); };
  if (normalizer.changes_nothing()) return append(normalized_search, text, append_other, tokens);
  const AlignedText normalized = normalizer.apply(text, place);
  append(normalized_search, normalized.view(), append_other, tokens);
}

void Tokenizer::Impl::append_normalized(const TextView& text, TextPlace place, std::vector<Placed>& tokens) const {
  AlignedText rewritten;
  TextView whole = text;
  if (!pre_tokenizer.rewriting().changes_nothing()) {
    rewritten = pre_tokenizer.rewriting().apply(text, place);
    whole = rewritten.view();
  }
  std::vector<PieceToken> piece_tokens;
  for (const Span& piece : pre_tokenizer.pieces(whole.bytes)) {
    piece_tokens.clear();
    encoder.append(piece.of(whole.bytes), piece_tokens);
    for (const auto& [id, span] : piece_tokens) {
      tokens.push_back({id, whole.origin_of(piece.begin + span.begin), whole.origin_of(piece.begin + span.end - 1)});
    }
  }
}

std::vector<Tokenizer::Impl::Placed> Tokenizer::Impl::encode(std::string_view text, TextPlace place) const {
  std::string repaired;
  if (data::first_invalid_utf8(text) != std::string_view::npos) {
    repaired = data::replace_invalid_utf8(text);
    text = repaired;
  }
  std::vector<Placed> tokens;
  append(
      raw_search, TextView{text}, [&](const TextView& rest) { append_raw(rest, place, tokens); }, tokens);
  return tokens;
}

std::vector<TokenId> Tokenizer::Impl::ids(std::string_view text, TextPlace place) const {
  std::vector<TokenId> ids;
  if (place == TextPlace::kWhole && beginning) ids.push_back(*beginning);
  for (const Placed& token : encode(text, place)) ids.push_back(token.id);
  return ids;
}

std::vector<std::string> Tokenizer::Impl::tokens_of(std::span<const TokenId> ids, bool skip_special_tokens) const {
  std::vector<std::string> tokens;
  for (const TokenId id : ids) {
    const auto index = static_cast<std::size_t>(id);
    if (id < 0 || index >= token_of.size() || !token_of[index]) continue;
    if (skip_special_tokens && is_special[index]) continue;
    tokens.push_back(*token_of[index]);
  }
  return tokens;
}

std::string Tokenizer::Impl::cleaned(std::string text) const {
  struct CleanUp {
    std::string_view from, to;
  };
  // In transformers' order (PreTrainedTokenizerBase.clean_up_tokenization).
  static constexpr CleanUp kReplacements[] = {{" .", "."},     {" ?", "?"},     {" !", "!"},   {" ,", ","},
                                              {" ' ", "'"},    {" n't", "n't"}, {" 'm", "'m"}, {" 's", "'s"},
                                              {" 've", "'ve"}, {" 're", "'re"}};
  if (!cleans_up_spaces) return text;
  for (const auto& [from, to] : kReplacements) core::replace_all(text, from, to);
  return text;
}

Tokenizer Tokenizer::from_folder(const std::filesystem::path& folder) {
  return Tokenizer(std::make_unique<Impl>(read_tokenizer(folder)));
}

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

std::vector<TokenId> Tokenizer::encode_prompt(std::string_view text) const {
  return impl_->ids(text, TextPlace::kWhole);
}

std::vector<TokenId> Tokenizer::encode_continuation(std::string_view text) const {
  return impl_->ids(text, TextPlace::kContinuation);
}

std::optional<std::size_t> Tokenizer::last_token_of(std::string_view text, const Span& stretch) const {
  const auto tokens = impl_->encode(text, TextPlace::kWhole);
  const auto begins_behind = [&](const Impl::Placed& token) { return token.first >= stretch.end; };
  const auto end = std::ranges::find_if(tokens, begins_behind);
  if (end == tokens.begin() || std::prev(end)->last < stretch.begin) return std::nullopt;
  return static_cast<std::size_t>(end - tokens.begin()) - (impl_->beginning ? 0 : 1);
}

std::string Tokenizer::decode(std::span<const TokenId> ids, bool skip_special_tokens) const {
  return impl_->decoder.decode(impl_->tokens_of(ids, skip_special_tokens), TextPlace::kWhole);
}

std::string Tokenizer::decode_continuation(std::span<const TokenId> ids) const {
  return impl_->cleaned(impl_->decoder.decode(impl_->tokens_of(ids, false), TextPlace::kContinuation));
}

std::string Tokenizer::decode_cleaned(std::span<const TokenId> ids, bool skip_special_tokens) const {
  return impl_->cleaned(decode(ids, skip_special_tokens));
}

const std::vector<std::string>& Tokenizer::files() const { return impl_->files; }

core::Digest Tokenizer::digest() const { return impl_->digest; }

TokenId Tokenizer::end_of_text() const { return impl_->end_of_text; }

TokenId Tokenizer::start_of_text() const { return impl_->beginning.value_or(impl_->end_of_text); }

std::int64_t Tokenizer::vocab_size() const { return static_cast<std::int64_t>(impl_->token_of.size()); }

}  // namespace lethe::model::inline tokenizer
