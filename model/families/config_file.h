#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace lethe::model::inline families {

/// A JSON file of a model folder, of at most `max_bytes`. What is wrong with it is a `core::ModelError` that names it.
nlohmann::json read_model_json(const std::filesystem::path& path, std::size_t max_bytes);

/// A model folder's config.json. All that it refuses is a `core::ModelError` that names the file and the key.
class ConfigFile {
 public:
  explicit ConfigFile(std::filesystem::path path);

  [[noreturn]] void refuse(const std::string& key, const std::string& reason) const;

  /// Whether the key is there and not null.
  [[nodiscard]] bool has(const std::string& key) const;
  /// Whether the key is there, be it null.
  [[nodiscard]] bool names(const std::string& key) const { return values_.contains(key); }
  [[nodiscard]] std::vector<std::string> keys() const;
  /// The object under a key, whose own keys are refused as `key.inner`.
  [[nodiscard]] ConfigFile section(const std::string& key) const;
  /// A list of strings; empty where the key is absent.
  [[nodiscard]] std::vector<std::string> texts(const std::string& key) const;
  /// The value as it stands in the file, for messages.
  [[nodiscard]] std::string written(const std::string& key) const { return values_.at(key).dump(); }
  [[nodiscard]] std::string text(const std::string& key, const std::string& fallback) const;
  /// A positive integer of at most the key's `largest_whole` (`number_ranges.h`).
  [[nodiscard]] std::int64_t size(const std::string& key) const;
  /// A number greater than 0 and at most the key's `largest_real`; `fallback` only where the key is absent: null is no
  /// number.
  [[nodiscard]] double number(const std::string& key, double fallback) const;
  /// The key (or `fallback` where it is absent) must equal `expected`, because nothing else is implemented.
  void require_flag(const std::string& key, bool expected, bool fallback) const;
  /// `fallback` where the key is absent.
  [[nodiscard]] bool flag(const std::string& key, bool fallback) const;
  /// The key, where it is there, must hold this value (given as JSON), because nothing else is computed.
  void require_value(const std::string& key, std::string_view expected) const;

 private:
  ConfigFile(std::filesystem::path path, std::string prefix, nlohmann::json values)
      : path_(std::move(path)), prefix_(std::move(prefix)), values_(std::move(values)) {}

  std::filesystem::path path_;
  std::string prefix_;  ///< of a section's keys
  nlohmann::json values_;
};

}  // namespace lethe::model::inline families
