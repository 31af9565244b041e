#pragma once

#include <string>

#include "data/json_entries.h"

namespace lethe::model::inline tokenizer {

/// Refuses what a tokenizer_config.json sets that would give other ids than lethe's: each setting that decides ids has
/// a row, with the values that are followed. Throws `core::DataError` naming file, key and value.
void check_config_settings(const data::Json& config, const std::string& place);

/// The same of a tokenizer.json, whose vocabulary is read elsewhere.
void check_tokenizer_json_settings(const data::Json& root, const std::string& place);

/// The same of an entry of `added_tokens`, `added_tokens_decoder`, or of a special token that is an object.
void check_added_token_settings(const data::Json& token, const std::string& place);

}  // namespace lethe::model::inline tokenizer
