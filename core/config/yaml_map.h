#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "core/config/ranges.h"
#include "core/config/yaml_file.h"

namespace lethe::core::inline config {

/// A node, the key path that leads to it ("grid.exclude[0].method"), and the file it stands in.
struct YamlValue {
  const YamlFile* file = nullptr;
  YAML::Node node;
  std::string path;
  ProblemList* problems = nullptr;
  /// Where the node begins; of a value that is not there ("key:" alone), where its key does.
  YAML::Mark mark = YAML::Mark::null_mark();

  /// Adds "file:line:column: path: text".
  void problem(const std::string& text) const;
  /// The same for what `path` holds or lacks: `text` begins with the key.
  void inner_problem(const std::string& text) const;
  /// Adds "expected <what>, found ...", with the nearest of `words` where there is one.
  void unexpected(const std::string& what, std::span<const std::string> words = {}) const;

  /// The value of a map's key, or of a list's place "[2]"; nothing if there is none.
  [[nodiscard]] std::optional<YamlValue> child(const std::string& key) const;
  /// All of them by key or place, the first of a repeated key; of anything but a map and a list none.
  [[nodiscard]] std::vector<std::pair<std::string, YamlValue>> children() const;
  /// True if a problem stands at this value already.
  [[nodiscard]] bool has_problem() const;

  // Conversions: nothing, and a problem, if the node is something else.
  [[nodiscard]] std::optional<std::string> text() const;  ///< any non-empty scalar
  [[nodiscard]] std::optional<bool> boolean() const;
  [[nodiscard]] std::optional<std::int64_t> integer(IntegerRange range) const;
  [[nodiscard]] std::optional<double> real(RealRange range) const;
  [[nodiscard]] std::optional<std::string> word(std::span<const std::string> words) const;
  /// Letters, digits, '.', '_', '-': part of a path.
  [[nodiscard]] std::optional<std::string> name() const;
  /// Absolute; relative ones start from the file's folder.
  [[nodiscard]] std::optional<std::filesystem::path> file_path() const;
  /// As it is written, but for a leading ~, $NAME and ${NAME}, which stand for what they do in a shell.
  [[nodiscard]] std::optional<std::string> path_text() const;
  [[nodiscard]] std::optional<std::vector<YamlValue>> list(const std::string& what) const;
};

/// A map whose keys are all known: what was never asked for is a problem at `finish`, and so are repeated keys.
class YamlMap {
 public:
  /// A node that is no map is a problem, and then reads as an empty one. `what` says what was expected.
  YamlMap(YamlValue value, const std::string& what);

  [[nodiscard]] const YamlValue& value() const { return value_; }
  [[nodiscard]] bool is_map() const { return is_map_; }
  /// All keys with their values in order, repeated ones once, for maps whose keys are names.
  [[nodiscard]] std::vector<std::pair<YamlValue, YamlValue>> entries();

  /// The value of a key; a missing required one is a problem that says what was expected.
  std::optional<YamlValue> find(const std::string& key, Presence presence = Presence::kOptional,
                                const std::string& expected = "");
  /// Adds the problems of unknown and repeated keys.
  void finish();

 private:
  YamlValue value_;
  bool is_map_ = false;
  std::optional<std::unordered_map<std::string, YamlValue>> children_;  ///< from the first question on
  std::vector<std::string> known_;                                      ///< in the order of the questions
  std::unordered_set<std::string> asked_;

  /// False if the key was known already.
  bool remember(const std::string& key);
  [[nodiscard]] std::string path_of(const std::string& key) const;
  void report_repeated();
};

/// A map that stands inline, or in a file that is named instead; nothing, and a problem, if that cannot be read. `file`
/// must outlive the value.
std::optional<YamlValue> resolve(const YamlValue& value, std::optional<YamlFile>& file);

/// Assigns a converted value if there is one.
template <typename Target, typename Source>
void assign(Target& target, std::optional<Source> source) {
  if (source) target = static_cast<Target>(std::move(*source));
}

}  // namespace lethe::core::inline config
