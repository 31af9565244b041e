#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/error.h"
#include "model/tokenizer/tokenizer.h"
#include "tests/model/tokenizer_folder.h"

namespace lethe::model {

/// A tokenizer's folder that tests change.
class TokenizerFiles : public testing::Test {
 protected:
  std::string error() {
    try {
      (void)Tokenizer::from_folder(folder_.path());
    } catch (const core::DataError& error) {
      return error.what();
    }
    ADD_FAILURE() << "no DataError was thrown";
    return {};
  }
  std::string error_with(const std::string& name, std::string_view bytes) {
    folder_.write(name, bytes);
    return error();
  }
  nlohmann::json tokenizer_json() {
    return {{"normalizer", nullptr},
            {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
            {"added_tokens", {{{"id", 265}, {"content", "<|endoftext|>"}, {"special", true}, {"lstrip", false}}}},
            {"model", {{"type", "BPE"}, {"vocab", folder_.vocabulary()}, {"merges", {"Ġ t", "h e", "Ġt he"}}}}};
  }
  void write_only_tokenizer_json(const nlohmann::json& contents) {
    folder_.remove("vocab.json");
    folder_.write("tokenizer.json", contents.dump());
  }

  TokenizerFolder folder_;
};

/// Loads whatever the folder now holds: it works, or it is a DataError.
inline void load_or_refuse(const TokenizerFolder& folder) {
  try {
    const Tokenizer tokenizer = Tokenizer::from_folder(folder.path());
    (void)tokenizer.decode(tokenizer.encode_prompt(" the abc'll \xFF<|endoftext|>"));
  } catch (const core::DataError&) {
  }
}

}  // namespace lethe::model
