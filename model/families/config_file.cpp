#include "model/families/config_file.h"

#include "core/error.h"
#include "core/input_file.h"
#include "core/json_object.h"
#include "model/families/number_ranges.h"

namespace lethe::model::inline families {

using nlohmann::json;

namespace {

/// A config.json has some kilobytes.
constexpr std::size_t kMaxBytes = 1 << 20;

}  // namespace

json read_model_json(const std::filesystem::path& path, std::size_t max_bytes) {
  try {
    const auto text = core::read_input_file(path, max_bytes);
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
      throw core::ModelError(path.string() + ": is empty, as a download that broke off leaves it; fetch it again");
    }
    return core::parse_json<core::ModelError>(text, path.string());
  } catch (const core::DataError& error) {
    throw core::ModelError(error.what());
  }
}

ConfigFile::ConfigFile(std::filesystem::path path) : path_(std::move(path)) {
  if (!std::filesystem::exists(path_)) {
    throw core::ModelError(path_.string() +
                           ": is not there. A model is a Hugging Face folder with config.json, vocab.json, "
                           "merges.txt and model.safetensors; check `path` in the config's `models`.");
  }
  values_ = read_model_json(path_, kMaxBytes);
  if (!values_.is_object()) throw core::ModelError(path_.string() + ": expected a JSON object");
}

void ConfigFile::refuse(const std::string& key, const std::string& reason) const {
  throw core::ModelError(path_.string() + ": `" + prefix_ + key + "` " + reason);
}

bool ConfigFile::has(const std::string& key) const { return values_.contains(key) && !values_.at(key).is_null(); }

std::string ConfigFile::text(const std::string& key, const std::string& fallback) const {
  if (!has(key)) return fallback;
  if (!values_.at(key).is_string()) refuse(key, "must be a string");
  return values_.at(key).get<std::string>();
}

std::int64_t ConfigFile::size(const std::string& key) const {
  const auto limit = largest_whole(key).value();
  if (!has(key)) refuse(key, values_.contains(key) ? "is null; it must be a positive integer" : "is missing");
  const auto& value = values_.at(key);
  if (!value.is_number_integer() || value < 1 || value > limit) {
    refuse(key, "must be a positive integer of at most " + std::to_string(limit) + ", not " + value.dump());
  }
  return value.get<std::int64_t>();
}

double ConfigFile::number(const std::string& key, double fallback) const {
  const json largest = largest_real(key).value();
  if (!values_.contains(key)) return fallback;
  const auto& value = values_.at(key);
  if (value.is_number() && value > 0.0 && value <= largest) return value.get<double>();
  refuse(key, "must be a number greater than 0 and at most " + largest.dump() + ", not " + value.dump());
}

std::vector<std::string> ConfigFile::keys() const {
  std::vector<std::string> all;
  for (const auto& [key, value] : values_.items()) all.push_back(key);
  return all;
}

ConfigFile ConfigFile::section(const std::string& key) const {
  if (!values_.at(key).is_object()) refuse(key, "must be an object, not " + written(key));
  return {path_, prefix_ + key + ".", values_.at(key)};
}

std::vector<std::string> ConfigFile::texts(const std::string& key) const {
  std::vector<std::string> all;
  if (!has(key)) return all;
  if (!values_.at(key).is_array()) refuse(key, "must be a list");
  for (const auto& value : values_.at(key)) {
    if (!value.is_string()) refuse(key, "must be a list of strings, holds " + value.dump());
    all.push_back(value.get<std::string>());
  }
  return all;
}

bool ConfigFile::flag(const std::string& key, bool fallback) const {
  if (!has(key)) return fallback;
  if (!values_.at(key).is_boolean()) refuse(key, "must be true or false");
  return values_.at(key).get<bool>();
}

void ConfigFile::require_value(const std::string& key, std::string_view expected) const {
  if (!has(key) || values_.at(key) == core::strict_json(expected)) return;
  refuse(key, "is " + written(key) + ", which lethe does not compute; only " + std::string(expected) + " is");
}

void ConfigFile::require_flag(const std::string& key, bool expected, bool fallback) const {
  const bool value = flag(key, fallback);
  if (value == expected) return;
  refuse(key, std::string("is ") + (value ? "true" : "false") +
                  ", which lethe does not compute; it reads models of type " + text("model_type", "") +
                  " as published");
}

}  // namespace lethe::model::inline families
