#include "model/tokenizer/tokenizer_json.h"

#include "core/error.h"
#include "model/tokenizer/post_processor.h"
#include "model/tokenizer/tokenizer_settings.h"

namespace lethe::model::inline tokenizer {
namespace {

using data::Json;

[[noreturn]] void refuse_file(const std::string& place, const std::string& reason) {
  throw core::DataError(place + ": " + reason);
}

const Json& member(const Json& object, const char* key, const std::string& place) {
  if (!object.is_object() || !object.contains(key)) refuse_file(place, "key \"" + std::string(key) + "\" is missing");
  return object[key];
}

BpeRules rules_of(const Json& model, const std::string& place, const Vocabulary& vocabulary) {
  BpeRules rules;
  const auto is_set = [&](const char* key) { return model.value(key, Json()) == true; };
  rules.ignores_merges = is_set("ignore_merges");
  // Nothing is unknown where each byte is a token, so what is said of it does not matter.
  if (vocabulary.pre_tokenizer.is_byte_level() && has_all_bytes(vocabulary)) return rules;
  rules.falls_back_to_bytes = is_set("byte_fallback");
  const Json unknown = model.value("unk_token", Json());
  if (unknown.is_null()) return rules;
  const auto found = unknown.is_string() ? vocabulary.ids.find(unknown.get<std::string>()) : vocabulary.ids.end();
  if (found == vocabulary.ids.end())
    refuse_file(place, "\"model.unk_token\": " + shown(unknown) + " is not in model.vocab");
  rules.unknown = found->second;
  rules.fuses_unknown = is_set("fuse_unk");
  return rules;
}

void add_described_tokens(const Json& root, const std::string& place, Vocabulary& vocabulary) {
  const Json added = root.value("added_tokens", Json());
  if (added.is_null()) return;
  if (!added.is_array()) refuse_file(place, "key \"added_tokens\": a list expected, found " + data::describe(added));
  for (const Json& entry : added) {
    const std::string where = place + ", added_tokens";
    add_token(described_token(entry, checked_id(member(entry, "id", where), where), where), where, vocabulary);
  }
}

void read_decoder(const Json& decoder, const std::string& place, Vocabulary& vocabulary) {
  if (!decoder.is_null()) {
    vocabulary.decoder = TextDecoder(Component(decoder, place, "decoder"));
  } else if (!vocabulary.pre_tokenizer.is_byte_level()) {
    refuse_file(place, "\"decoder\": null is not supported: tokens would be joined by blanks");
  }
}

}  // namespace

AddedToken described_token(const Json& entry, TokenId id, const std::string& place) {
  const auto content = entry.is_object() ? entry.find("content") : entry.end();
  if (content == entry.end()) refuse_file(place, "key \"content\" is missing");
  if (!content->is_string()) refuse_file(place, "\"content\" must be a string, found " + data::describe(*content));
  check_added_token_settings(entry, place);
  const bool is_special = entry.value("special", Json()) == true;
  const Json normalized = entry.value("normalized", Json());
  return {content->get<std::string>(), id, is_special, normalized.is_null() ? !is_special : normalized == true};
}

void read_tokenizer_json(const Json& root, const std::string& place, Vocabulary& vocabulary) {
  const Json& model = member(root, "model", place);
  check_tokenizer_json_settings(root, place);
  const Json normalizer = root.value("normalizer", Json());
  if (!normalizer.is_null()) vocabulary.normalizer = TextRewriting(Component(normalizer, place, "normalizer"));
  vocabulary.pre_tokenizer = PreTokenizer(root.value("pre_tokenizer", Json()), place);
  read_decoder(root.value("decoder", Json()), place, vocabulary);
  add_ids(member(model, "vocab", place + ", model"), place + ", model.vocab", vocabulary);
  add_merge_list(member(model, "merges", place + ", model"), place + ", model.merges", vocabulary);
  vocabulary.rules = rules_of(model, place, vocabulary);
  add_described_tokens(root, place, vocabulary);
  vocabulary.beginning = beginning_of(root.value("post_processor", Json()), place, vocabulary);
}

}  // namespace lethe::model::inline tokenizer
