#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

namespace lethe::test {

inline std::filesystem::path source_path(const std::string& relative) {
  return std::filesystem::path(LETHE_SOURCE_DIR) / relative;
}

/// A file of tests/parity/golden (README.md there).
inline nlohmann::json golden(const std::string& file) {
  return nlohmann::json::parse(std::ifstream(source_path("tests/parity/golden") / file));
}

}  // namespace lethe::test
