#include "model/tokenizer/special_tokens.h"

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "data/text_file.h"
#include "model/tokenizer/tokenizer_json.h"

namespace lethe::model::inline tokenizer {
namespace {

using data::Json;

constexpr std::array<std::string_view, 7> kRoles{"bos_token", "eos_token", "unk_token", "sep_token",
                                                 "pad_token", "cls_token", "mask_token"};
constexpr std::string_view kAdditional = "additional_special_tokens";
constexpr std::string_view kExtra = "extra_special_tokens";
constexpr std::string_view kModelSpecific = "model_specific_special_tokens";
/// Keys that hold tokens, or what looks like them, and make none special.
constexpr std::array<std::string_view, 2> kOthers{"added_tokens_decoder", "chat_control_tokens"};

[[noreturn]] void refuse_setting(const std::string& place, const std::string& reason) {
  throw core::DataError(place + ": " + reason);
}

bool is_one_of(std::string_view key, std::span<const std::string_view> keys) {
  return std::ranges::find(keys, key) != keys.end();
}

bool is_nothing(const Json& value) {
  return value.is_null() || value == "" || (value.is_structured() && value.empty());
}

/// An added token as transformers writes it.
bool is_token_object(const Json& value) {
  if (!value.is_object() || !value.contains("content") || !value["content"].is_string()) return false;
  return std::ranges::any_of(std::array{"__type", "lstrip", "rstrip", "single_word", "normalized"},
                             [&](const char* key) { return value.contains(key); });
}

/// The text of a token that is written as such, or as an object.
std::string content_of(const Json& token) {
  const Json content = token.is_object() ? token.value("content", Json()) : token;
  return content.is_string() ? content.get<std::string>() : "";
}

/// What transformers makes of a key.
enum class Reading {
  kFollowed,
  kDoubtful,  ///< it, or some of its versions, passes over the tokens, so that they must be added ones already
  kOther,     ///< no tokens
};

/// Calls `visit` for a token, or each one in a list or under a name.
void for_each_token(const Json& value, const std::function<void(const Json&)>& visit) {
  if (is_nothing(value)) return;
  if (!value.is_array() && (!value.is_object() || value.contains("content"))) return visit(value);
  for (const Json& element : value) for_each_token(element, visit);
}

/// A token with a role is found in texts like an added one, and has an id already.
void add_special_token(const Json& value, const std::string& place, Vocabulary& vocabulary) {
  AddedToken token =
      value.is_string() ? AddedToken{value.get<std::string>(), -1, true, false} : described_token(value, -1, place);
  token.is_special = true;
  const auto id = id_of(token.content, vocabulary);
  if (!id) {
    refuse_setting(place, "\"" + data::excerpt(token.content) +
                              "\" has no id in the tokenizer's files, and transformers would " +
                              "give it a new one; add it to the tokenizer and save that, or remove the key");
  }
  token.id = *id;
  add_token(std::move(token), place, vocabulary);
}

/// Strings count as tokens only where the key says so.
void check_added(const Json& value, bool are_strings_tokens, const std::string& place, const Vocabulary& vocabulary) {
  for_each_token(value, [&](const Json& token) {
    if (!is_token_object(token) && !(are_strings_tokens && token.is_string())) return;
    const auto content = content_of(token);
    if (content.empty() || std::ranges::find(vocabulary.added, content, &AddedToken::content) != vocabulary.added.end())
      return;
    refuse_setting(
        place, "\"" + data::excerpt(content) +
                   "\" is no added token of the tokenizer, and versions of transformers differ in whether this key " +
                   "makes it one; list it under \"" + std::string(kExtra) + "\" alone, or remove the key");
  });
}

/// A name of the model's own ("image_token").
bool is_model_specific(const std::string& key, const Json& value, SpecialTokens::Objects objects) {
  if (!key.ends_with("_token") || is_one_of(key, kRoles)) return false;
  const bool is_object = objects == SpecialTokens::Objects::kUnmarked
                             ? is_token_object(value)
                             : value.is_object() && value.value("__type", Json()) == "AddedToken";
  return (value.is_string() && value != "") || is_object;
}

}  // namespace

void SpecialTokens::add(const Json& settings, const std::string& place, Objects objects) {
  if (const auto extra = settings.find(kExtra); extra != settings.end() && !is_nothing(*extra)) {
    if (!extra->is_structured())
      refuse_setting(place + ", " + std::string(kExtra),
                     "a list or an object expected, found " + data::describe(*extra));
    has_extra_ = true;
    has_model_specific_ |= extra->is_object();
  }
  for (const auto& [key, value] : settings.items()) has_model_specific_ |= is_model_specific(key, value, objects);

  const auto reading_of = [&](const std::string& key, const Json& value) {
    if (is_nothing(value) || is_one_of(key, kOthers)) return Reading::kOther;
    if (is_one_of(key, kRoles) || key == kExtra || is_model_specific(key, value, objects)) return Reading::kFollowed;
    if (key == kAdditional) return has_extra_ ? Reading::kDoubtful : Reading::kFollowed;
    if (key == kModelSpecific) return has_model_specific_ ? Reading::kDoubtful : Reading::kFollowed;
    return value.is_structured() ? Reading::kDoubtful : Reading::kOther;
  };
  // What is followed first: it may add what the others name again.
  for (const auto& [key, value] : settings.items()) {
    if (reading_of(key, value) != Reading::kFollowed) continue;
    for_each_token(
        value, [&, where = place + ", " + key](const Json& token) { add_special_token(token, where, vocabulary_); });
  }
  for (const auto& [key, value] : settings.items()) {
    if (reading_of(key, value) != Reading::kDoubtful) continue;
    check_added(value, key.ends_with("_token") || key.ends_with("_tokens"), place + ", " + key, vocabulary_);
  }
  if (vocabulary_.end_of_text.empty()) vocabulary_.end_of_text = content_of(settings.value("eos_token", Json()));
}

}  // namespace lethe::model::inline tokenizer
