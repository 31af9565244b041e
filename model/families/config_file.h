#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

namespace lethe::model::inline families {

/// A JSON file of a model folder, of at most `max_bytes`. What is wrong with it is a `core::ModelError` that names it.
nlohmann::json read_model_json(const std::filesystem::path& path, std::size_t max_bytes);

/// A model folder's config.json. All that it refuses is a `core::ModelError` that names the file and the key.
class ConfigFile {
 public:
  /// No size of a real network comes near; keeps products of a hostile file inside 64 bits.
  static constexpr std::int64_t kMaxSize = 1 << 22;
  static constexpr std::int64_t kMaxLayers = 1 << 12;

  explicit ConfigFile(std::filesystem::path path);

  [[noreturn]] void refuse(const std::string& key, const std::string& reason) const;

  /// Whether the key is there and not null.
  [[nodiscard]] bool has(const std::string& key) const;
  [[nodiscard]] std::string text(const std::string& key, const std::string& fallback) const;
  /// A positive integer of at most `limit`.
  [[nodiscard]] std::int64_t size(const std::string& key, std::int64_t limit = kMaxSize) const;
  /// `fallback` only where the key is absent: null is no number.
  [[nodiscard]] double number(const std::string& key, double fallback) const;
  /// The key (or `fallback` where it is absent) must equal `expected`, because nothing else is implemented.
  void require_flag(const std::string& key, bool expected, bool fallback) const;

 private:
  std::filesystem::path path_;
  nlohmann::json values_;
};

}  // namespace lethe::model::inline families
