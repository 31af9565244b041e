// A tokenizer's files, and a text that is encoded by what they say.
#include "model/tokenizer/tokenizer.h"
#include "core/error.h"
#include "data/unicode.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/targets.h"

namespace lethe::fuzz {
namespace {

void check_ids(const model::Tokenizer& tokenizer, const std::vector<model::TokenId>& ids) {
  for (const auto id : ids) require(id >= 0 && id < tokenizer.vocab_size(), "an id is one of the vocabulary");
  for (const bool is_plain : {false, true}) {
    const auto text = tokenizer.decode_cleaned(ids, is_plain);
    require(data::first_invalid_utf8(text) == std::string_view::npos, "decoded text is UTF-8");
  }
  static_cast<void>(tokenizer.decode_continuation(ids));
}

bool read(const std::filesystem::path& folder, std::string_view text) {
  const auto name = folder.filename().string();
  const auto tokenizer = read_or_refuse<core::DataError>(name, [&] { return model::Tokenizer::from_folder(folder); });
  if (!tokenizer) return false;
  // A pattern may need more steps than any sound one.
  const auto ids = read_or_refuse<core::DataError>("", [&] { return tokenizer->encode_prompt(text); });
  if (ids) check_ids(*tokenizer, *ids);
  const auto more = read_or_refuse<core::DataError>("", [&] { return tokenizer->encode_continuation(text); });
  if (more) check_ids(*tokenizer, *more);
  const auto sound = data::replace_invalid_utf8(text);
  const auto last = read_or_refuse<core::DataError>("", [&] {
    return tokenizer->last_token_of(sound, {0, std::min<std::size_t>(sound.size(), 3)});
  });
  static_cast<void>(read_or_refuse<core::DataError>("", [&] { return tokenizer->start_of_text(); }));
  static_cast<void>(read_or_refuse<core::DataError>("", [&] { return tokenizer->end_of_text(); }));
  return ids && more && last;
}

}  // namespace

bool tokenizer_json(std::string_view input) {
  const auto& folder = InputFolder::instance();
  folder.write_sections(input, {"tokenizer.json", "tokenizer_config.json"});
  const auto sections = sections_of(input);
  return read(folder.path(), sections.size() > 2 ? sections[2] : "The caf\u00e9's 12 ab\n\n  c\xff");
}

bool tokenizer_files(std::string_view input) {
  const auto& folder = InputFolder::instance();
  folder.write_sections(
      input, {"vocab.json", "merges.txt", "tokenizer_config.json", "added_tokens.json", "special_tokens_map.json"});
  const auto sections = sections_of(input);
  return read(folder.path(), sections.size() > 5 ? sections[5] : "The caf\u00e9's 12 ab\n\n  c\xff");
}

}  // namespace lethe::fuzz
