#pragma once

#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

namespace lethe::data {

/// Made-up reference texts with a vocabulary and idf, and what scikit-learn says of them
/// (tests/data/golden/record_tfidf.py).
inline const std::filesystem::path kGoldenReferences =
    std::filesystem::path(LETHE_SOURCE_DIR) / "tests/data/golden/references";

inline nlohmann::json golden_expectations() {
  std::ifstream stream(kGoldenReferences / "expected.json");
  return nlohmann::json::parse(stream);
}

}  // namespace lethe::data
