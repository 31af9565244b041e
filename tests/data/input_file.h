#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>

#include "core/error.h"

namespace lethe::data {

/// A file of its own with the given bytes, removed at the end of the test.
class InputFile {
 public:
  explicit InputFile(std::string_view bytes, const std::string& name = "input") {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              ("lethe-" + std::to_string(getpid()) + "-" + test->test_suite_name() + "-" + test->name());
    std::filesystem::create_directories(folder_);
    path_ = folder_ / name;
    rewrite(bytes);
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void rewrite(std::string_view bytes) {
    // A new file each time: ext4 flushes a truncated one to disk when it is closed.
    std::filesystem::remove(path_);
    std::ofstream(path_, std::ios::binary | std::ios::trunc).write(bytes.data(), std::ssize(bytes));
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path folder_;
  std::filesystem::path path_;
};

/// Message of the `core::DataError` that `action` throws; "" (and a failure) if it throws none.
inline std::string data_error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const core::DataError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no DataError was thrown";
  return {};
}

}  // namespace lethe::data
