#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/strict_json.h"

// Strict reading of JSON that another lethe process wrote, or that somebody has touched since.

namespace lethe::core {

/// Text of a JSON value on one line or indented. Bytes that are no UTF-8 (a log line, a reason) are replaced.
inline std::string dump_json(const nlohmann::json& value, int indent = -1) {
  return value.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// An object whose keys must all be there, of the right type, and all be read. Every failure throws `ErrorType`,
/// its text beginning with the place.
template <typename ErrorType>
class JsonObject {
 public:
  JsonObject(const nlohmann::json& value, std::string place) : value_(value), place_(std::move(place)) {
    if (!value_.is_object()) fail("expected an object");
  }

  [[noreturn]] void fail(const std::string& text) const { throw ErrorType(place_ + ": " + text); }
  [[nodiscard]] const std::string& place() const { return place_; }
  [[nodiscard]] std::string place_of(const std::string& key) const { return place_ + ": " + key; }

  /// The value of a key; null counts as a value.
  const nlohmann::json& at(const std::string& key) {
    const auto found = value_.find(key);
    if (found == value_.end()) fail(key + ": is missing");
    ++num_read_;
    return *found;
  }
  [[nodiscard]] bool is_null(const std::string& key) const {
    const auto found = value_.find(key);
    return found == value_.end() || found->is_null();
  }

  std::string text(const std::string& key) {
    const auto& value = at(key);
    if (!value.is_string()) fail(key + ": expected a text");
    return value.template get<std::string>();
  }
  bool boolean(const std::string& key) {
    const auto& value = at(key);
    if (!value.is_boolean()) fail(key + ": expected true or false");
    return value.template get<bool>();
  }
  double real(const std::string& key) {
    const auto& value = at(key);
    if (!value.is_number()) fail(key + ": expected a number");
    return value.template get<double>();
  }
  std::int64_t integer(const std::string& key, std::int64_t min = std::numeric_limits<std::int64_t>::min(),
                       std::int64_t max = std::numeric_limits<std::int64_t>::max()) {
    const auto& value = at(key);
    const bool is_too_large =
        value.is_number_unsigned() &&
        value.template get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (!value.is_number_integer() || is_too_large) fail(key + ": expected a whole number");
    const auto number = value.template get<std::int64_t>();
    if (number < min || number > max) {
      fail(key + ": expected a whole number from " + std::to_string(min) + " to " + std::to_string(max) + ", found " +
           std::to_string(number));
    }
    return number;
  }
  int small_integer(const std::string& key, int min = std::numeric_limits<int>::min(),
                    int max = std::numeric_limits<int>::max()) {
    return static_cast<int>(integer(key, min, max));
  }
  const nlohmann::json& list(const std::string& key) {
    const auto& value = at(key);
    if (!value.is_array()) fail(key + ": expected a list");
    return value;
  }
  const nlohmann::json& object(const std::string& key) {
    const auto& value = at(key);
    if (!value.is_object()) fail(key + ": expected an object");
    return value;
  }
  /// {"key": "text", ...}.
  std::map<std::string, std::string> text_map(const std::string& key) {
    std::map<std::string, std::string> texts;
    for (const auto& [name, value] : object(key).items()) {
      if (!value.is_string()) fail(key + ": " + name + ": expected a text");
      texts.emplace(name, value.template get<std::string>());
    }
    return texts;
  }

  /// Calls `read(JsonObject)` for each element of a list of objects.
  template <typename Read>
  void each(const std::string& key, const Read& read) {
    std::size_t index = 0;
    for (const auto& item : list(key)) {
      read(JsonObject(item, place_of(key) + "[" + std::to_string(index++) + "]"));
    }
  }

  /// Throws if the object holds keys that were not read.
  void finish() const {
    if (num_read_ == value_.size()) return;
    fail("expected " + std::to_string(num_read_) + " keys, found " + std::to_string(value_.size()) +
         "; was this written by another version of lethe?");
  }

 private:
  const nlohmann::json& value_;
  std::string place_;
  std::size_t num_read_ = 0;
};

/// The value of a text (`strict_json`); what is wrong with it throws `ErrorType`, with its line and column.
template <typename ErrorType>
nlohmann::json parse_json(std::string_view text, const std::string& place) {
  try {
    return strict_json(text);
  } catch (const JsonError& error) {
    const auto line_and_column = std::to_string(error.line()) + ":" + std::to_string(error.column());
    throw ErrorType(place + (error.line() > 0 ? ":" + line_and_column : "") + ": " + error.what());
  }
}

}  // namespace lethe::core
