#pragma once

#include <string>

#include "model/tokenizer/tokenizer_vocabulary.h"

namespace lethe::model::inline tokenizer {

/// Reads a tokenizer.json: vocabulary, merges, added tokens, and each step from a text to ids and back. Throws
/// `core::DataError` naming file, key and value for what is damaged, or not followed.
void read_tokenizer_json(const data::Json& root, const std::string& place, Vocabulary& vocabulary);

/// An added token as tokenizer.json and tokenizer_config.json describe it.
AddedToken described_token(const data::Json& entry, TokenId id, const std::string& place);

}  // namespace lethe::model::inline tokenizer
