#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "model/tokenizer/byte_alphabet.h"

namespace lethe::model {

/// A tokenizer's folder of its own, removed at the end of the test: 256 bytes, eight merges, " tx", end of text.
class TokenizerFolder {
 public:
  TokenizerFolder() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::temp_directory_path() /
            ("lethe-" + std::to_string(getpid()) + "-" + test->test_suite_name() + "-" + test->name());
    std::filesystem::create_directories(path_);
    for (unsigned byte = 0; byte < 256; ++byte) vocabulary_[byte_character(static_cast<unsigned char>(byte))] = byte;
    int next_id = 256;
    for (const char* token : {"Ġt", "he", "Ġthe", "ab", "abc", "bc", "ll", "'ll", "Ġtx", "<|endoftext|>"}) {
      vocabulary_[token] = next_id++;
    }
    write("vocab.json", vocabulary_.dump());
    write("merges.txt", merges_);
  }
  TokenizerFolder(const TokenizerFolder&) = delete;
  TokenizerFolder& operator=(const TokenizerFolder&) = delete;
  ~TokenizerFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  void write(const std::string& name, std::string_view bytes) const {
    std::filesystem::remove(path_ / name);
    std::ofstream(path_ / name, std::ios::binary).write(bytes.data(), std::ssize(bytes));
  }
  void remove(const std::string& name) const { std::filesystem::remove(path_ / name); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const nlohmann::json& vocabulary() const { return vocabulary_; }
  [[nodiscard]] const std::string& merges() const { return merges_; }

 private:
  std::filesystem::path path_;
  nlohmann::json vocabulary_;
  std::string merges_ = "#version: 0.2\nĠ t\nh e\nĠt he\na b\nab c\nb c\nl l\n' ll\n";
};

}  // namespace lethe::model
