#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include <yaml-cpp/yaml.h>

// Reading YAML that a person wrote: everything wrong is collected, with the place it was found at.

namespace lethe::core::inline config {

/// All problems of a config, in the order of the files read and of their lines.
class ProblemList {
 public:
  /// Fixes a file's place in the order; one that was never announced comes last.
  void announce(const std::string& file);
  /// `text` begins with the key. A null mark is left out.
  void add(const std::string& file, const YAML::Mark& mark, const std::string& text);
  /// True if a problem of the value at the key path stands there.
  [[nodiscard]] bool has_one_at(const std::string& file, const YAML::Mark& mark, const std::string& path) const;
  [[nodiscard]] bool empty() const { return problems_.empty(); }
  /// Throws one `ConfigError` that lists them, a line each, if there are any; of more than a thousand it counts the
  /// rest.
  void throw_if_any(const std::string& config) const;

 private:
  struct Problem {
    std::size_t file;
    YAML::Mark mark;
    std::string line;
  };
  std::vector<std::string> files_;
  std::vector<Problem> problems_;
  std::unordered_set<std::string> known_lines_;
  std::unordered_set<std::string> known_places_;  ///< "file:line:column: key path" of each

  std::size_t index_of(const std::string& file);
};

/// A parsed file. At most 1 MiB, 32 levels, 100 aliases and one document, no control characters: what a config never
/// needs is refused before it can exhaust memory or the stack.
struct YamlFile {
  std::string display;           ///< as the user would type it
  std::filesystem::path folder;  ///< absolute: what the file's relative paths start from
  YAML::Node root;
};

/// Reads a file; adds to `problems` and returns nothing if it cannot be read or is malformed.
std::optional<YamlFile> read_yaml_file(const std::filesystem::path& path, ProblemList& problems);

}  // namespace lethe::core::inline config
