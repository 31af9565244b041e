#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace lethe::core {

/// One cell of the grid: the sequential edits of one model by one method in one sample order.
struct GridCell {
  std::string method;  ///< "rome", "ft-c", "ft", ...
  std::string model;   ///< a name under `models:` of the config
  int sample = 0;      ///< key of the sample-orders file

  auto operator<=>(const GridCell&) const = default;
  /// "<method>/<model>/sample<k>", used in messages, paths and on the command line.
  [[nodiscard]] std::string name() const;
  /// Inverse of `name`; throws `ConfigError`.
  static GridCell from_name(std::string_view name);
};

/// True for 1 to 100 letters, digits, '.', '_', '-' that begin with neither '.' nor '-': names of methods, models,
/// tasks and experiments become parts of paths.
bool is_path_safe_name(std::string_view name);

}  // namespace lethe::core
