#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/digest.h"
#include "model/tokenizer/tokenizer_vocabulary.h"

namespace lethe::model::inline tokenizer {

/// What a folder's tokenizer is, and where that was read.
struct TokenizerSource {
  Vocabulary vocabulary;
  std::vector<std::string> files;  ///< names of all files that were read, that of the vocabulary first
  /// Of the files that decide it: of vocab.json and merges.txt alone where they say all that the others say.
  core::Digest digest;
};

/// One rule for every folder: tokenizer.json where it is there, else vocab.json + merges.txt (or encoder.json +
/// vocab.bpe); then the tokens that tokenizer_config.json, added_tokens.json and special_tokens_map.json add. Throws
/// `core::DataError` naming file and line or key for what is damaged, contradictory, or would give other ids than
/// lethe's.
TokenizerSource read_tokenizer(const std::filesystem::path& folder);

}  // namespace lethe::model::inline tokenizer
