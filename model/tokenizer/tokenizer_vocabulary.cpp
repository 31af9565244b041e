#include "model/tokenizer/tokenizer_vocabulary.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "core/error.h"
#include "data/text_file.h"
#include "data/unicode.h"
#include "model/tokenizer/byte_alphabet.h"

namespace lethe::model::inline tokenizer {
namespace {

using data::Json;

constexpr const char* kEndOfText = "<|endoftext|>";
/// Far above any vocabulary; keeps the id-to-token table small whatever a file says.
constexpr std::int64_t kMaxTokenId = 4'000'000;

[[noreturn]] void fail(const std::string& place, const std::string& reason) {
  throw core::DataError(place + ": " + reason);
}

void add_merge(const std::string& left, const std::string& right, const std::string& place, Vocabulary& vocabulary) {
  const auto known_id = [&](const std::string& token) {
    const auto found = vocabulary.ids.find(token);
    if (found == vocabulary.ids.end()) fail(place, "token \"" + data::excerpt(token) + "\" is not in the vocabulary");
    return found->second;
  };
  const TokenId left_id = known_id(left);
  const TokenId right_id = known_id(right);
  const Merge merge{static_cast<std::uint32_t>(vocabulary.merges.size()), known_id(left + right)};
  if (!vocabulary.merges.emplace(Vocabulary::merge_key(left_id, right_id), merge).second) {
    fail(place, "the pair \"" + data::excerpt(left + " " + right) + "\" was merged before");
  }
}

/// "left right" with exactly one space.
void add_merge(std::string_view line, const std::string& place, Vocabulary& vocabulary) {
  const std::size_t space = line.find(' ');
  const bool is_pair = space != std::string_view::npos && space > 0 && space + 1 < line.size() &&
                       line.find(' ', space + 1) == std::string_view::npos;
  if (!is_pair) fail(place, "two tokens with one space between expected, found \"" + data::excerpt(line) + "\"");
  add_merge(std::string(line.substr(0, space)), std::string(line.substr(space + 1)), place, vocabulary);
}

/// GPT-2's token of a text's end is found in texts, whatever the files say of it; else it is that which they name.
void complete_end_of_text(Vocabulary& vocabulary, const std::string& place) {
  if (const auto id = id_of(kEndOfText, vocabulary)) {
    vocabulary.end_of_text = kEndOfText;
    add_token({kEndOfText, *id, true, false}, place, vocabulary);
  } else if (vocabulary.end_of_text.empty()) {
    fail(place, "the tokenizer has no token \"" + std::string(kEndOfText) +
                    "\", and neither tokenizer_config.json nor special_tokens_map.json names its eos_token");
  }
}

/// Tokens are numbered without a gap: `tokenizers` numbers added ones from the count of those before, whatever the
/// files say, so behind a gap a folder means other ids to other programs.
void check_numbering(const Vocabulary& vocabulary, const std::string& place) {
  std::unordered_map<TokenId, std::string_view> tokens;
  for (const auto& [token, id] : vocabulary.ids) tokens.emplace(id, token);
  for (const AddedToken& token : vocabulary.added) {
    const std::string_view known = std::exchange(tokens[token.id], token.content);
    const bool may_share = token.may_take_over && vocabulary.ids.contains(std::string(known));
    if (known.empty() || known == token.content || may_share) continue;
    fail(place, "tokens \"" + data::excerpt(known) + "\" and \"" + data::excerpt(token.content) + "\" share id " +
                    std::to_string(token.id));
  }
  TokenId expected = 0;
  while (tokens.contains(expected)) ++expected;
  if (static_cast<std::size_t>(expected) == tokens.size()) return;
  fail(place, "no token has the id " + std::to_string(expected) +
                  ", though others have higher ones; a vocabulary has the " +
                  "ids from 0 on without a gap: is it complete?");
}

/// Whether merges have to make a token: it has several bytes, or characters, and does not stand for a single byte.
bool is_of_several_units(const std::string& token, const Vocabulary& vocabulary) {
  if (vocabulary.pre_tokenizer.is_byte_level()) {
    const auto bytes = token_bytes(token);
    return bytes && bytes->size() > 1;
  }
  return !token.empty() && data::code_point_at(token, 0).size < token.size() && !fallback_byte(token);
}

/// A file of merges that was cut between two lines would give other ids without a word.
void check_merges(const Vocabulary& vocabulary, const std::string& place) {
  if (vocabulary.rules.ignores_merges) return;  // there a token needs none
  std::unordered_set<TokenId> made;
  for (const auto& [key, merge] : vocabulary.merges) made.insert(merge.merged);
  std::size_t num_long = 0;
  std::size_t num_unmade = 0;
  std::unordered_set<std::string_view> added;
  for (const AddedToken& token : vocabulary.added) added.insert(token.content);
  for (const auto& [token, id] : vocabulary.ids) {
    if (added.contains(token) || !is_of_several_units(token, vocabulary)) continue;
    ++num_long;
    if (!made.contains(id)) ++num_unmade;
  }
  // A few that no merge makes are found in published vocabularies; they are never used.
  const std::size_t most = vocabulary.merges.empty() ? 0 : std::max<std::size_t>(16, num_long / 100);
  if (num_unmade <= most) return;
  fail(place, "the merges make only " + std::to_string(num_long - num_unmade) + " of the " + std::to_string(num_long) +
                  " tokens of several bytes; are they complete, and of the same tokenizer as the vocabulary?");
}

}  // namespace

TokenId checked_id(const Json& value, const std::string& place) {
  const auto id = data::integer_of(value);
  if (!id || *id < 0 || *id > kMaxTokenId) {
    fail(place, "a token id from 0 to " + std::to_string(kMaxTokenId) + " expected, found " + data::describe(value));
  }
  return static_cast<TokenId>(*id);
}

void add_ids(const Json& object, const std::string& place, Vocabulary& vocabulary) {
  if (!object.is_object()) fail(place, "an object {\"token\": id, ...} expected, found " + data::describe(object));
  std::unordered_map<TokenId, std::string> token_of_id;
  for (const auto& [token, value] : object.items()) {
    const TokenId id = checked_id(value, place + ", token \"" + data::excerpt(token) + "\"");
    const auto [first, is_new] = token_of_id.emplace(id, token);
    if (!is_new) {
      fail(place, "tokens \"" + data::excerpt(first->second) + "\" and \"" + data::excerpt(token) + "\" share id " +
                      std::to_string(id));
    }
    vocabulary.ids.emplace(token, id);
  }
}

void add_merge_lines(std::string_view text, const std::string& place, Vocabulary& vocabulary) {
  for (std::size_t line_number = 1; !text.empty(); ++line_number) {
    const std::string_view line = data::take_line(text);
    if (line.empty() || (line_number == 1 && line.starts_with("#version"))) continue;
    add_merge(line, place + ":" + std::to_string(line_number), vocabulary);
  }
}

void add_merge_list(const Json& merges, const std::string& place, Vocabulary& vocabulary) {
  if (!merges.is_array()) fail(place, "a list expected, found " + data::describe(merges));
  for (const Json& merge : merges) {
    const std::string merge_place = place + "[" + std::to_string(vocabulary.merges.size()) + "]";
    if (merge.is_string()) {
      add_merge(merge.get_ref<const std::string&>(), merge_place, vocabulary);
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      add_merge(merge[0].get<std::string>(), merge[1].get<std::string>(), merge_place, vocabulary);
    } else {
      fail(merge_place, "two tokens expected, found " + data::describe(merge));
    }
  }
}

void add_token(AddedToken token, const std::string& place, Vocabulary& vocabulary) {
  if (token.content.empty()) fail(place, "an added token is empty");
  if (const auto known = id_of(token.content, vocabulary); known && *known != token.id) {
    fail(place, "token \"" + data::excerpt(token.content) + "\" has id " + std::to_string(token.id) + " here, but " +
                    std::to_string(*known) + " in the vocabulary");
  }
  const auto found = std::ranges::find(vocabulary.added, token.content, &AddedToken::content);
  if (found == vocabulary.added.end()) {
    vocabulary.added.push_back(std::move(token));
  } else {
    found->is_special |= token.is_special;
  }
}

std::optional<TokenId> id_of(const std::string& token, const Vocabulary& vocabulary) {
  if (const auto found = vocabulary.ids.find(token); found != vocabulary.ids.end()) return found->second;
  const auto added = std::ranges::find(vocabulary.added, token, &AddedToken::content);
  return added == vocabulary.added.end() ? std::nullopt : std::optional(added->id);
}

bool has_all_bytes(const Vocabulary& vocabulary) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (!vocabulary.ids.contains(byte_character(static_cast<unsigned char>(byte)))) return false;
  }
  return true;
}

void complete(Vocabulary& vocabulary, const std::string& place) {
  complete_end_of_text(vocabulary, place);
  std::ranges::sort(vocabulary.added, {}, &AddedToken::id);
  check_numbering(vocabulary, place);
  check_merges(vocabulary, place);
  // Which tokens are looked for first says nothing where all are looked for at once.
  const auto is_first = [](const AddedToken& token) { return !token.is_normalized; };
  if (vocabulary.normalizer.changes_nothing() && std::ranges::none_of(vocabulary.added, is_first)) {
    for (AddedToken& token : vocabulary.added) token.is_normalized = false;
  }
}

}  // namespace lethe::model::inline tokenizer
