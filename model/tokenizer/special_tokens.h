#pragma once

#include <string>

#include "data/json_entries.h"
#include "model/tokenizer/tokenizer_vocabulary.h"

namespace lethe::model::inline tokenizer {

/// The tokens that a folder's settings give a role to, which are found in texts like added ones.
class SpecialTokens {
 public:
  /// `vocabulary` must outlive this and hold the tokenizer's ids and added tokens.
  explicit SpecialTokens(Vocabulary& vocabulary) : vocabulary_(vocabulary) {}

  /// Whether a file's objects are tokens only where they say so ("__type": "AddedToken").
  enum class Objects { kMarked, kUnmarked };
  /// Adds the special tokens of a tokenizer_config.json (`kMarked`) or special_tokens_map.json (`kUnmarked`), as
  /// transformers 5.24 does: `bos_token` and its like, `additional_special_tokens`, `extra_special_tokens`,
  /// `model_specific_special_tokens`, and whatever else ends in `_token`. Tokens of other keys, and of those that
  /// transformers passes over beside some of these, must be added tokens already. Throws `core::DataError` naming file,
  /// key and token, also for a token that has no id yet. Call it for the files in the order of their reading.
  void add(const data::Json& settings, const std::string& place, Objects objects);

 private:
  Vocabulary& vocabulary_;
  bool has_extra_ = false;           ///< `extra_special_tokens` were named
  bool has_model_specific_ = false;  ///< tokens under names of the model's own were
};

}  // namespace lethe::model::inline tokenizer
