#pragma once

#include <optional>

#include "model/tokenizer/tokenizer_vocabulary.h"

namespace lethe::model::inline tokenizer {

/// The token that the "post_processor" of a tokenizer.json puts in front of a text, if it does. Throws
/// `core::DataError` naming file, key and value where it adds anything else.
std::optional<TokenId> beginning_of(const data::Json& post_processor, const std::string& place,
                                    const Vocabulary& vocabulary);

}  // namespace lethe::model::inline tokenizer
