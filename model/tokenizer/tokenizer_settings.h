#pragma once

#include <optional>
#include <string>

#include "data/json_entries.h"

namespace lethe::model::inline tokenizer {

/// Refuses what a tokenizer_config.json sets that would give other ids than lethe's: each setting that decides ids has
/// a row, with the values that are followed. Throws `core::DataError` naming file, key and value.
void check_config_settings(const data::Json& config, const std::string& place);

/// Refuses a tokenizer_config.json by which transformers would not put the same token in front of a text as
/// tokenizer.json
/// (`beginning`: its content).
void check_beginning(const data::Json& config, const std::optional<std::string>& beginning, const std::string& place);

/// Whether decoding takes blanks before punctuation away.
bool cleans_up_spaces(const data::Json& config);

/// The same as of a tokenizer_config.json of those settings of a tokenizer.json that are not read elsewhere.
void check_tokenizer_json_settings(const data::Json& root, const std::string& place);

/// The same of an entry of `added_tokens`, `added_tokens_decoder`, or of a special token that is an object.
void check_added_token_settings(const data::Json& token, const std::string& place);

}  // namespace lethe::model::inline tokenizer
