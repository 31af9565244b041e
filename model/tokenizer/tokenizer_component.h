#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "data/json_entries.h"

namespace lethe::model::inline tokenizer {

/// A part of a tokenizer.json ({"type": ..., settings}), read so that whatever is not understood is refused by file,
/// key and value: `core::DataError` "tokenizer.json: "pre_tokenizer.pretokenizers[1].use_regex": 5 is not supported:
/// ...".
class Component {
 public:
  /// `object` must outlive it; `key` says where in the file it stands.
  Component(const data::Json& object, std::string place, std::string key);

  [[nodiscard]] const std::string& type() const { return type_; }
  /// Refuses settings other than these (beside "type") that are set.
  void allow_only(std::initializer_list<std::string_view> names) const;
  [[nodiscard]] bool flag(std::string_view name, bool otherwise) const;
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name, const std::string& otherwise) const;
  [[nodiscard]] std::int64_t count(std::string_view name) const;
  /// As it stands there; null if it does not.
  [[nodiscard]] data::Json value(std::string_view name) const;
  /// The parts of a "Sequence".
  [[nodiscard]] std::vector<Component> parts(std::string_view name) const;
  /// File and key of a setting, as errors name it.
  [[nodiscard]] std::string name_of(std::string_view name) const;
  /// Says that a setting's value is not followed, and why.
  [[noreturn]] void refuse(std::string_view name, const std::string& reason) const;
  /// Says that the part itself is not followed here.
  [[noreturn]] void refuse(const std::string& reason) const;

 private:
  const data::Json* object_;
  std::string place_;
  std::string key_;
  std::string type_;
};

/// A value in an error: an object is named by its type.
std::string shown(const data::Json& value);

}  // namespace lethe::model::inline tokenizer
