#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace lethe::data {

using Json = nlohmann::json;

/// The value of one JSON text (`core::strict_json`). `place` ("records.json", "records.jsonl: line 3") opens
/// the message of the `core::DataError` that malformed text throws; line and column follow.
Json parse_json(std::string_view text, const std::string& place);

/// Whether `text` is the beginning of a JSON value that does not end in it, as the first line of a pretty-printed one.
bool is_unfinished_json(std::string_view text);

/// Calls `visit(entry, place)` for each element of a JSON list, or for each line of JSON lines, in order; only
/// one entry is held at a time. `place` is "<file>: entry 3" (from 0) or "<file>: line 4" (from 1).
/// `key`: one that every entry has and whose value is no list, by which an object around the entries is told from one.
/// Throws `core::DataError` for malformed text, or a file that holds neither form.
void for_each_json_entry(const std::filesystem::path& path, const char* key,
                         const std::function<void(const Json& entry, const std::string& place)>& visit);

/// The same for the text of a JSON list that is in memory already, or mapped; `file` opens `place`. Any other value is
/// an error.
void visit_json_list(std::string_view text, const std::string& file,
                     const std::function<void(const Json& entry, const std::string& place)>& visit);

/// Collects what is wrong with a file's entries, so that one error names them all (the first 20, and how many more).
class Problems {
 public:
  void add(std::string problem);
  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// Throws `core::DataError` with all of them, one a line, if there are any.
  void throw_if_any() const;

 private:
  std::vector<std::string> first_;
  std::size_t count_ = 0;
};

/// Typed access to one entry's keys. What is missing or mistyped goes to `problems` with the key's full name
/// ("requested_rewrite.target_new.str"), and an empty value is given back.
class EntryReader {
 public:
  EntryReader(const Json& object, std::string place, Problems& problems, std::string key_prefix = "");

  /// A nested object; empty if `key` is missing or of another type.
  [[nodiscard]] EntryReader object(const char* key) const;
  [[nodiscard]] std::string required_text(const char* key) const;
  [[nodiscard]] std::string optional_text(const char* key) const;
  [[nodiscard]] std::int64_t required_integer(const char* key) const;
  /// A list of non-empty strings; a missing key is an empty list.
  [[nodiscard]] std::vector<std::string> optional_texts(const char* key) const;
  /// Records "<place>, key "<full key>": <reason>".
  void report(const std::string& key, const std::string& reason) const;

 private:
  [[nodiscard]] const Json* find(const char* key) const;
  [[nodiscard]] std::string text(const char* key, const Json& value) const;

  const Json* object_;  ///< null: already reported
  std::string place_;
  Problems* problems_;
  std::string key_prefix_;
};

/// The value of a JSON integer that fits; nothing for any other type or a larger one.
std::optional<std::int64_t> integer_of(const Json& value);

/// What a value is, for messages: "a string", "a list", ...
std::string describe(const Json& value);

}  // namespace lethe::data
