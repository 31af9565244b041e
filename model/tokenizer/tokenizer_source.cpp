#include "model/tokenizer/tokenizer_source.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "core/error.h"
#include "data/json_entries.h"
#include "data/text_file.h"
#include "model/tokenizer/special_tokens.h"
#include "model/tokenizer/tokenizer_json.h"
#include "model/tokenizer/tokenizer_settings.h"

namespace lethe::model::inline tokenizer {
namespace {

namespace fs = std::filesystem;
using data::Json;

constexpr const char* kTokenizerJson = "tokenizer.json";
constexpr const char* kConfig = "tokenizer_config.json";
constexpr const char* kAddedTokens = "added_tokens.json";
constexpr const char* kSpecialTokens = "special_tokens_map.json";

/// A vocabulary and its merges, in files of their own.
struct FilePair {
  const char *vocabulary, *merges;
};
constexpr std::array kPairs{FilePair{"vocab.json", "merges.txt"}, FilePair{"encoder.json", "vocab.bpe"}};

[[noreturn]] void refuse(const std::string& place, const std::string& reason) {
  throw core::DataError(place + ": " + reason);
}

/// Reads files of one folder and remembers which.
class FolderReader {
 public:
  explicit FolderReader(fs::path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] bool has(const std::string& name) const { return fs::exists(folder_ / name); }
  [[nodiscard]] std::string place(const std::string& name) const { return (folder_ / name).string(); }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

  std::string text(const std::string& name) {
    if (std::ranges::find(names_, name) == names_.end()) names_.push_back(name);
    return data::read_text_file(folder_ / name);
  }
  Json json(const std::string& name) {
    const std::string content = text(name);
    if (content.find_first_not_of(" \t\r\n") == std::string::npos) {
      refuse(place(name), "is empty, as a download that broke off leaves it; fetch it again");
    }
    return data::parse_json(content, place(name));
  }

  [[nodiscard]] core::Digest digest(const std::vector<std::string>& names) const {
    core::DigestStream stream;
    for (const auto& name : names) {
      stream.update_text(name);
      stream.update_text(core::digest_of_file(folder_ / name).hex());
    }
    return stream.finish();
  }

 private:
  fs::path folder_;
  std::vector<std::string> names_;
};

Json object_of(FolderReader& reader, const char* name) {
  auto object = reader.json(name);
  if (!object.is_object()) refuse(reader.place(name), "an object expected, found " + data::describe(object));
  return object;
}

std::optional<FilePair> pair_of(const FolderReader& reader) {
  const auto found = std::ranges::find_if(
      kPairs, [&](const FilePair& pair) { return reader.has(pair.vocabulary) && reader.has(pair.merges); });
  return found == kPairs.end() ? std::nullopt : std::optional(*found);
}

Vocabulary read_pair(FolderReader& reader, const FilePair& pair) {
  Vocabulary vocabulary;
  add_ids(reader.json(pair.vocabulary), reader.place(pair.vocabulary), vocabulary);
  add_merge_lines(reader.text(pair.merges), reader.place(pair.merges), vocabulary);
  return vocabulary;
}

TokenId id_of_key(const std::string& key, const std::string& place) {
  std::int64_t id = -1;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
  if (error != std::errc() || end != key.data() + key.size())
    refuse(place, "\"" + data::excerpt(key) + "\" is no token id");
  return checked_id(Json(id), place);
}

/// Settings and tokens of tokenizer_config.json. Returns whether it lists all added tokens.
bool read_config(FolderReader& reader, SpecialTokens& special, Vocabulary& vocabulary) {
  const std::string place = reader.place(kConfig);
  const Json config = object_of(reader, kConfig);
  check_config_settings(config, place);
  const auto beginning = std::ranges::find(vocabulary.added, vocabulary.beginning, &AddedToken::id);
  check_beginning(config, beginning == vocabulary.added.end() ? std::nullopt : std::optional(beginning->content),
                  place);
  vocabulary.cleans_up_spaces = cleans_up_spaces(config);
  const Json decoder = config.value("added_tokens_decoder", Json());
  const std::string where = place + ", added_tokens_decoder";
  if (!decoder.is_null() && !decoder.is_object()) refuse(where, "an object expected, found " + data::describe(decoder));
  for (const auto& [key, entry] : decoder.items()) {
    add_token(described_token(entry, id_of_key(key, where), where), where, vocabulary);
  }
  special.add(config, place, SpecialTokens::Objects::kMarked);
  return decoder.is_object();
}

/// Files of older versions of transformers, whose own tokenizer takes the ids of added_tokens.json as they are, also
/// those of other tokens; the newer one would number such a token beyond the model's embedding. Newer ones pass over
/// them where tokenizer_config.json lists all tokens.
void read_older_files(FolderReader& reader, bool is_listed, SpecialTokens& special, Vocabulary& vocabulary) {
  const std::size_t num_listed = vocabulary.added.size();
  const auto check_listed = [&](const char* name) {
    if (!is_listed || vocabulary.added.size() == num_listed) return;
    refuse(reader.place(name), "adds \"" + data::excerpt(vocabulary.added.back().content) +
                                   "\", which is not among the " + "added_tokens_decoder of " + kConfig +
                                   "; versions of transformers differ in what they make of it");
  };
  if (reader.has(kAddedTokens)) {
    const std::string place = reader.place(kAddedTokens);
    const Json object = object_of(reader, kAddedTokens);
    for (const auto& [token, id] : object.items()) {
      add_token({token, checked_id(id, place), false, true, true}, place, vocabulary);
    }
    check_listed(kAddedTokens);
  }
  if (reader.has(kSpecialTokens)) {
    special.add(object_of(reader, kSpecialTokens), reader.place(kSpecialTokens), SpecialTokens::Objects::kUnmarked);
    check_listed(kSpecialTokens);
  }
}

/// Whether what `read` gives is all of the tokenizer. What cannot be read says nothing: it was not read from there.
template <typename Read>
bool says_all(const Read& read, const Vocabulary& vocabulary) {
  try {
    Vocabulary alone = read();
    complete(alone, "");
    return alone == vocabulary;
  } catch (const core::DataError&) {
    return false;
  }
}

}  // namespace

TokenizerSource read_tokenizer(const fs::path& folder) {
  FolderReader reader(folder);
  const auto pair = pair_of(reader);
  Vocabulary vocabulary;
  if (reader.has(kTokenizerJson)) {
    read_tokenizer_json(object_of(reader, kTokenizerJson), reader.place(kTokenizerJson), vocabulary);
  } else if (pair) {
    vocabulary = read_pair(reader, *pair);
  } else {
    refuse(folder.string(),
           "holds no tokenizer: vocab.json + merges.txt, encoder.json + vocab.bpe, or tokenizer.json expected");
  }
  const std::vector<std::string> main_files = reader.names();
  const Vocabulary main = vocabulary;
  SpecialTokens special(vocabulary);
  const bool is_listed = reader.has(kConfig) && read_config(reader, special, vocabulary);
  read_older_files(reader, is_listed, special, vocabulary);
  complete(vocabulary, folder.string());
  std::vector<std::string> deciding = reader.names();
  if (pair && says_all([&] { return read_pair(reader, *pair); }, vocabulary)) {
    deciding = {pair->vocabulary, pair->merges};
  } else if (says_all([&]() -> const Vocabulary& { return main; }, vocabulary)) {
    deciding = main_files;
  }
  return {std::move(vocabulary), reader.names(), reader.digest(deciding)};
}

}  // namespace lethe::model::inline tokenizer
