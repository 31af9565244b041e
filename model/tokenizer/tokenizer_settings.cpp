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

constexpr const char* kNoByteLevelBpe = "this is not the byte-level BPE that lethe reads";
constexpr const char* kTextAsItIs = "text is tokenized as it is, with nothing added";

/// A key (parents joined by dots) and the values of it that lethe follows. A missing key counts as null.
struct Setting {
  std::string_view key;
  bool (*is_followed)(const Json& value);
  const char* reason;  ///< why other values are refused
};

bool is_unset(const Json& value) { return value.is_null() || value == false; }
bool is_null(const Json& value) { return value.is_null(); }
bool is_empty(const Json& value) { return value.is_null() || value == ""; }
bool is_bpe(const Json& value) { return value.is_null() || value == "BPE"; }
bool is_byte_level_or_null(const Json& value) { return value.is_null() || value == "ByteLevel"; }
bool is_zero(const Json& value) { return value.is_null() || value == 0.0; }

/// Classes of transformers that tokenize text as GPT-2's does.
bool is_known_class(const Json& value) {
  static constexpr std::array<std::string_view, 8> kClasses{
      "GPT2Tokenizer",        "GPT2TokenizerFast", "CodeGenTokenizer",        "CodeGenTokenizerFast",
      "GPTNeoXTokenizerFast", "GPTNeoXTokenizer",  "PreTrainedTokenizerFast", "TokenizersBackend"};
  if (value.is_null()) return true;
  return value.is_string() && std::ranges::find(kClasses, value.get_ref<const std::string&>()) != kClasses.end();
}

/// A post-processor that adds no token: none, ByteLevel (offsets only), a template of the text alone, or a sequence of
/// such.
bool adds_nothing(const Json& processor) {
  if (processor.is_null()) return true;
  if (!processor.is_object()) return false;
  const Json type = processor.value("type", Json());
  if (type == "ByteLevel") return true;
  if (type == "Sequence") {
    const Json parts = processor.value("processors", Json());
    return parts.is_array() && std::ranges::all_of(parts, adds_nothing);
  }
  const Json single = processor.value("single", Json());
  return type == "TemplateProcessing" && single.is_array() && single.size() == 1 && single[0].is_object() &&
         single[0].contains("Sequence");
}

constexpr Setting kConfigSettings[] = {
    {"tokenizer_class", is_known_class, kNoByteLevelBpe},
    {"add_prefix_space", is_unset, kTextAsItIs},
    {"add_bos_token", is_unset, kTextAsItIs},
    {"add_eos_token", is_unset, kTextAsItIs},
    {"do_lower_case", is_unset, kTextAsItIs},
    {"split_special_tokens", is_unset, "added tokens are found in the text"},
};

constexpr Setting kTokenizerJsonSettings[] = {
    {"model.type", is_bpe, kNoByteLevelBpe},
    {"model.dropout", is_zero, "merges are not left out at random"},
    {"model.continuing_subword_prefix", is_empty, kNoByteLevelBpe},
    {"model.end_of_word_suffix", is_empty, kNoByteLevelBpe},
    {"model.byte_fallback", is_unset, kNoByteLevelBpe},
    {"model.ignore_merges", is_unset, "all tokens are made by merges"},
    {"normalizer", is_null, "lethe reads byte-level BPE without one"},
    {"post_processor", adds_nothing, kTextAsItIs},
    {"decoder.type", is_byte_level_or_null, kNoByteLevelBpe},
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

void check_tokenizer_json_settings(const Json& root, const std::string& place) {
  check(kTokenizerJsonSettings, root, place);
}

void check_added_token_settings(const Json& token, const std::string& place) {
  check(kAddedTokenSettings, token, place);
}

}  // namespace lethe::model::inline tokenizer
