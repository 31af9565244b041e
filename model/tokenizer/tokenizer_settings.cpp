#include "model/tokenizer/tokenizer_settings.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "core/error.h"
#include "model/tokenizer/tokenizer_component.h"

namespace lethe::model::inline tokenizer {
namespace {

using data::Json;

constexpr const char* kOtherModel = "lethe reads byte-pair encoding";
constexpr const char* kOtherClass = "lethe knows no such class's settings";
constexpr const char* kOwnFile = "it is read from a file of its own";
constexpr const char* kTextAsItIs = "text is tokenized as it is, with nothing added";

/// A key (parents joined by dots) and the values of it that lethe follows. A missing key counts as null.
struct Setting {
  std::string_view key;
  bool (*is_followed)(const Json& value);
  const char* reason;  ///< why other values are refused
};

bool is_null(const Json& value) { return value.is_null(); }
bool is_flag(const Json& value) { return value.is_null() || value.is_boolean(); }
bool is_unset(const Json& value) { return value.is_null() || value == false; }
bool is_empty(const Json& value) { return value.is_null() || value == ""; }
bool is_bpe(const Json& value) { return value.is_null() || value == "BPE"; }
bool is_zero(const Json& value) { return value.is_null() || value == 0.0; }

constexpr std::array<std::string_view, 2> kLlamaClasses{"LlamaTokenizer", "LlamaTokenizerFast"};

/// A class that decides by add_bos_token, not by tokenizer.json, what stands in front of a text.
bool is_llama_class(const Json& value) {
  return value.is_string() &&
         std::ranges::find(kLlamaClasses, value.get_ref<const std::string&>()) != kLlamaClasses.end();
}

/// Classes of transformers that tokenize text as their tokenizer.json says, or GPT-2's two files.
bool is_known_class(const Json& value) {
  static constexpr std::array<std::string_view, 10> kClasses{
      "GPT2Tokenizer",        "GPT2TokenizerFast", "CodeGenTokenizer",        "CodeGenTokenizerFast",
      "GPTNeoXTokenizerFast", "GPTNeoXTokenizer",  "PreTrainedTokenizerFast", "TokenizersBackend",
      "Qwen2Tokenizer",       "Qwen2TokenizerFast"};
  if (value.is_null() || is_llama_class(value)) return true;
  return value.is_string() && std::ranges::find(kClasses, value.get_ref<const std::string&>()) != kClasses.end();
}

constexpr Setting kConfigSettings[] = {
    {"tokenizer_class", is_known_class, kOtherClass},
    {"add_prefix_space", is_unset, kTextAsItIs},
    {"add_bos_token", is_flag, "true or false expected"},
    {"add_eos_token", is_unset, kTextAsItIs},
    {"do_lower_case", is_unset, kTextAsItIs},
    {"split_special_tokens", is_unset, "added tokens are found in the text"},
    {"fix_mistral_regex", is_unset, "text is split as tokenizer.json says"},
    {"vocab", is_null, kOwnFile},
    {"merges", is_null, kOwnFile},
};

constexpr Setting kTokenizerJsonSettings[] = {
    {"model.type", is_bpe, kOtherModel},
    {"model.dropout", is_zero, "merges are not left out at random"},
    {"model.continuing_subword_prefix", is_empty, kOtherModel},
    {"model.end_of_word_suffix", is_empty, kOtherModel},
    {"model.byte_fallback", is_flag, "true or false expected"},
    {"model.fuse_unk", is_flag, "true or false expected"},
    {"model.ignore_merges", is_flag, "true or false expected"},
};

constexpr Setting kAddedTokenSettings[] = {
    {"lstrip", is_unset, "an added token takes no blanks along"},
    {"rstrip", is_unset, "an added token takes no blanks along"},
    {"single_word", is_unset, "an added token is found within words too"},
};

/// The value under a dotted key; null where a part of it is missing.
Json value_of(const Json& object, std::string_view key) {
  const std::size_t dot = key.find('.');
  const auto found = object.is_object() ? object.find(std::string(key.substr(0, dot))) : object.end();
  if (found == object.end()) return {};
  return dot == std::string_view::npos ? *found : value_of(*found, key.substr(dot + 1));
}

void check(std::span<const Setting> settings, const Json& object, const std::string& place) {
  for (const Setting& setting : settings) {
    const Json value = value_of(object, setting.key);
    if (setting.is_followed(value)) continue;
    throw core::DataError(place + ": \"" + std::string(setting.key) + "\": " + shown(value) +
                          " is not supported: " + setting.reason);
  }
}

}  // namespace

void check_config_settings(const Json& config, const std::string& place) { check(kConfigSettings, config, place); }

void check_beginning(const Json& config, const std::optional<std::string>& beginning, const std::string& place) {
  const Json add = config.value("add_bos_token", Json());
  const bool is_llama = is_llama_class(config.value("tokenizer_class", Json()));
  const auto refuse = [&](const std::string& key, const std::string& reason) {
    throw core::DataError(place + ": \"" + key + "\": " + shown(config.value(key, Json())) +
                          " is not supported: " + reason);
  };
  const bool is_asked = add == true || (is_llama && add.is_null());
  if (is_asked && !beginning) refuse("add_bos_token", "the tokenizer's own file puts no token in front of a text");
  if (add == false && beginning)
    refuse("add_bos_token", "tokenizer.json puts \"" + *beginning + "\" in front of a text");
  if (!is_llama) return;
  if (!config.value("add_prefix_space", Json()).is_null()) {
    refuse("add_prefix_space", "transformers would not take tokenizer.json then, but make it anew of tokenizer.model");
  }
  const Json named = config.value("bos_token", Json("<s>"));
  const Json content = named.is_object() ? named.value("content", Json()) : named;
  if (beginning && content != *beginning) {
    refuse("bos_token", "tokenizer.json puts \"" + *beginning + "\" in front of a text");
  }
}

bool cleans_up_spaces(const Json& config) {
  const Json value = config.value("clean_up_tokenization_spaces", Json());
  return value.is_null() ? !is_llama_class(config.value("tokenizer_class", Json())) : value != false;
}

void check_tokenizer_json_settings(const Json& root, const std::string& place) {
  check(kTokenizerJsonSettings, root, place);
}

void check_added_token_settings(const Json& token, const std::string& place) {
  check(kAddedTokenSettings, token, place);
}

}  // namespace lethe::model::inline tokenizer
