#include "model/tokenizer/tokenizer_vocabulary.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "data/json_entries.h"
#include "data/text_file.h"
#include "data/unicode.h"

namespace lethe::model::inline tokenizer {
namespace {

namespace fs = std::filesystem;
using data::Json;

constexpr const char* kEndOfText = "<|endoftext|>";
/// Far above any vocabulary; keeps the id-to-token table small whatever a file says.
constexpr std::int64_t kMaxTokenId = 4'000'000;

[[noreturn]] void fail(const std::string& place, const std::string& reason) {
  throw core::DataError(place + ": " + reason);
}

/// Code point that stands for a byte: itself if printable, else the next free one from U+0100 on.
const std::array<char32_t, 256>& alphabet() {
  static const std::array<char32_t, 256> characters = [] {
    std::array<char32_t, 256> table{};
    char32_t next_free = 0x100;
    for (char32_t byte = 0; byte < 256; ++byte) {
      const bool is_printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
      table[byte] = is_printable ? byte : next_free++;
    }
    return table;
  }();
  return characters;
}

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

void add_merge(const std::string& left, const std::string& right, const std::string& place, Vocabulary& vocabulary) {
  const auto id_of = [&](const std::string& token) {
    const auto found = vocabulary.ids.find(token);
    if (found == vocabulary.ids.end()) fail(place, "token \"" + data::excerpt(token) + "\" is not in the vocabulary");
    return found->second;
  };
  const TokenId left_id = id_of(left);
  const TokenId right_id = id_of(right);
  const Merge merge{static_cast<std::uint32_t>(vocabulary.merges.size()), id_of(left + right)};
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

void read_merges(const fs::path& path, Vocabulary& vocabulary) {
  const std::string text = data::read_text_file(path);
  std::string_view rest = text;
  for (std::size_t line_number = 1; !rest.empty(); ++line_number) {
    const std::string_view line = data::take_line(rest);
    if (line.empty() || (line_number == 1 && line.starts_with("#version"))) continue;
    add_merge(line, path.string() + ":" + std::to_string(line_number), vocabulary);
  }
}

void add_token(AddedToken token, const std::string& place, Vocabulary& vocabulary) {
  if (token.content.empty()) fail(place, "an added token is empty");
  const auto known = vocabulary.ids.find(token.content);
  if (known != vocabulary.ids.end() && known->second != token.id) {
    fail(place, "token \"" + data::excerpt(token.content) + "\" has id " + std::to_string(token.id) + " here, but " +
                    std::to_string(known->second) + " in the vocabulary");
  }
  const auto is_same = [&](const AddedToken& other) { return other.content == token.content; };
  if (std::none_of(vocabulary.added.begin(), vocabulary.added.end(), is_same)) {
    vocabulary.added.push_back(std::move(token));
  }
}

/// added_tokens.json: {"<|extratoken_1|>": 50257, ...}, as GPT-J's folder holds it.
void read_added_tokens(const fs::path& path, Vocabulary& vocabulary) {
  if (!fs::exists(path)) return;
  const std::string place = path.string();
  const Json object = data::parse_json(data::read_text_file(path), place);
  if (!object.is_object()) fail(place, "an object {\"token\": id, ...} expected, found " + data::describe(object));
  for (const auto& [token, id] : object.items()) add_token({token, checked_id(id, place), false}, place, vocabulary);
}

/// The flag `key` of an object; absent or null is false.
bool is_set(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && *found == true;
}

void refuse_prefix_space(const Json& object, const std::string& place) {
  if (object.is_object() && is_set(object, "add_prefix_space")) {
    fail(place, "\"add_prefix_space\": true is not supported; GPT-2 and GPT-J tokenize text as it is");
  }
}

/// What is looked up in tokenizer.json, with its key's name in every error.
const Json& member(const Json& object, const char* key, const std::string& place) {
  if (!object.is_object() || !object.contains(key)) fail(place, "key \"" + std::string(key) + "\" is missing");
  return object[key];
}

void read_json_added_tokens(const Json& list, const std::string& place, Vocabulary& vocabulary) {
  if (!list.is_array()) fail(place, "key \"added_tokens\": a list expected, found " + data::describe(list));
  for (const Json& entry : list) {
    const Json& content = member(entry, "content", place + ", added_tokens");
    if (!content.is_string())
      fail(place, "added_tokens: \"content\" must be a string, found " + data::describe(content));
    for (const char* flag : {"lstrip", "rstrip", "single_word"}) {
      if (is_set(entry, flag)) fail(place, "added_tokens: \"" + std::string(flag) + "\": true is not supported");
    }
    const TokenId id = checked_id(member(entry, "id", place + ", added_tokens"), place + ", added_tokens");
    add_token({content.get<std::string>(), id, is_set(entry, "special")}, place, vocabulary);
  }
}

/// tokenizer.json, which newer versions of transformers write alone.
void read_tokenizer_json(const fs::path& path, Vocabulary& vocabulary) {
  const std::string place = path.string();
  const Json root = data::parse_json(data::read_text_file(path), place);
  const Json& model = member(root, "model", place);
  const Json& pre_tokenizer = member(root, "pre_tokenizer", place);
  if (!model.is_object()) fail(place, "key \"model\": an object expected, found " + data::describe(model));
  const bool is_byte_level = pre_tokenizer.is_object() && pre_tokenizer.value("type", Json()) == "ByteLevel";
  const bool has_normalizer = root.contains("normalizer") && !root["normalizer"].is_null();
  if (model.value("type", Json("BPE")) != "BPE" || !is_byte_level || has_normalizer) {
    fail(place, "is not GPT-2's byte-level BPE (model BPE, pre_tokenizer ByteLevel, no normalizer)");
  }
  refuse_prefix_space(pre_tokenizer, place);
  add_ids(member(model, "vocab", place + ", model"), place + ", model.vocab", vocabulary);
  const Json& merges = member(model, "merges", place + ", model");
  if (!merges.is_array()) fail(place, "key \"model.merges\": a list expected, found " + data::describe(merges));
  for (const Json& merge : merges) {
    const std::string merge_place = place + ", model.merges[" + std::to_string(vocabulary.merges.size()) + "]";
    if (merge.is_string()) {
      add_merge(merge.get_ref<const std::string&>(), merge_place, vocabulary);
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      add_merge(merge[0].get<std::string>(), merge[1].get<std::string>(), merge_place, vocabulary);
    } else {
      fail(merge_place, "two tokens expected, found " + data::describe(merge));
    }
  }
  if (root.contains("added_tokens")) read_json_added_tokens(root["added_tokens"], place, vocabulary);
}

/// The tokens of vocabulary, merges and added tokens, whichever files hold them.
void read_files(const fs::path& folder, Vocabulary& vocabulary) {
  struct Pair {
    const char *vocabulary, *merges;
  };
  for (const Pair& files : {Pair{"vocab.json", "merges.txt"}, Pair{"encoder.json", "vocab.bpe"}}) {
    const fs::path vocabulary_path = folder / files.vocabulary;
    if (!fs::exists(vocabulary_path) || !fs::exists(folder / files.merges)) continue;
    const std::string place = vocabulary_path.string();
    add_ids(data::parse_json(data::read_text_file(vocabulary_path), place), place, vocabulary);
    read_merges(folder / files.merges, vocabulary);
    read_added_tokens(folder / "added_tokens.json", vocabulary);
    return;
  }
  if (fs::exists(folder / "tokenizer.json")) return read_tokenizer_json(folder / "tokenizer.json", vocabulary);
  fail(folder.string(),
       "holds no tokenizer: vocab.json + merges.txt, encoder.json + vocab.bpe, or tokenizer.json expected");
}

}  // namespace

Vocabulary read_vocabulary(const fs::path& folder) {
  Vocabulary vocabulary;
  read_files(folder, vocabulary);
  if (const fs::path config = folder / "tokenizer_config.json"; fs::exists(config)) {
    refuse_prefix_space(data::parse_json(data::read_text_file(config), config.string()), config.string());
  }
  const auto is_end_of_text = [](const AddedToken& token) { return token.content == kEndOfText; };
  const auto added = std::find_if(vocabulary.added.begin(), vocabulary.added.end(), is_end_of_text);
  if (added != vocabulary.added.end()) {
    added->is_special = true;
  } else if (const auto found = vocabulary.ids.find(kEndOfText); found != vocabulary.ids.end()) {
    vocabulary.added.push_back({kEndOfText, found->second, true});
  } else {
    fail(folder.string(), "the tokenizer has no token \"" + std::string(kEndOfText) + "\"");
  }
  return vocabulary;
}

std::string byte_character(unsigned char byte) {
  std::string character;
  data::append_utf8(alphabet()[byte], character);
  return character;
}

std::optional<std::string> token_bytes(std::string_view token) {
  static const std::unordered_map<char32_t, unsigned char> byte_of = [] {
    std::unordered_map<char32_t, unsigned char> inverse;
    for (unsigned byte = 0; byte < 256; ++byte) inverse.emplace(alphabet()[byte], static_cast<unsigned char>(byte));
    return inverse;
  }();
  std::string bytes;
  for (std::size_t position = 0; position < token.size();) {
    const data::CodePoint point = data::code_point_at(token, position);
    const auto found = byte_of.find(point.value);
    if (found == byte_of.end()) return std::nullopt;
    bytes.push_back(static_cast<char>(found->second));
    position += point.size;
  }
  return bytes;
}

}  // namespace lethe::model::inline tokenizer
