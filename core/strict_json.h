#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

// The one way in which a JSON text becomes a value, whoever wrote it. JSON as in RFC 8259, in UTF-8 (a byte order mark
// is passed over), at most 32 levels deep, and no key twice in an object: of two values a reader would take one in
// silence.

namespace lethe::core {

/// Why a text is not taken. `what()` is the reason with its remedy, without file and place.
class JsonError : public std::runtime_error {
 public:
  JsonError(const std::string& reason, std::size_t line, std::size_t column, bool is_unfinished = false)
      : std::runtime_error(reason), line_(line), column_(column), is_unfinished_(is_unfinished) {}

  /// From 1; 0 where the text as a whole is meant.
  [[nodiscard]] std::size_t line() const { return line_; }
  [[nodiscard]] std::size_t column() const { return column_; }
  /// Whether the text is the beginning of a value that does not end in it.
  [[nodiscard]] bool is_unfinished() const { return is_unfinished_; }

 private:
  std::size_t line_, column_;
  bool is_unfinished_;
};

/// The value of a whole text. Throws `JsonError`.
nlohmann::json strict_json(std::string_view text);
/// The same, with the keys of objects in the text's order.
nlohmann::ordered_json strict_ordered_json(std::string_view text);
/// For what decides nothing and can be made again: nothing where `strict_json` would throw.
std::optional<nlohmann::json> json_if_sound(std::string_view text);

/// Gives each element of a list to `visit` as soon as it is read; one is held at a time. What `visit` throws goes
/// through. Any other value than a list is an error.
void visit_json_list(std::string_view text, const std::function<void(nlohmann::json&& element)>& visit);

}  // namespace lethe::core
