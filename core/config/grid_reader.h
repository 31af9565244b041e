#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "core/config/yaml_map.h"

namespace lethe::core::inline config {

struct Grid {
  std::vector<GridCell> cells;
  std::vector<SkippedCell> skipped;
};

/// methods x models x samples in that order, less what any `exclude` entry matches, plus what `include` entries name.
/// A key that an entry leaves out stands for all of the grid's values. `methods`, `models`: names that may be used.
Grid read_grid(const YamlValue& value, const std::vector<std::string>& methods, const std::vector<std::string>& models);

/// The key of `edits:` for all cells that no other key names; no label of a variant.
inline constexpr const char* kEditsOfOthers = "default";

/// Edits per cell from a number, or from a map with the keys default, <method>, <method>/<model>: the most specific
/// one counts. A cell that no key covers is a problem.
std::map<GridCell, std::int64_t> read_edits(const YamlValue& value, const std::vector<GridCell>& cells,
                                            const std::vector<std::string>& methods,
                                            const std::vector<std::string>& models);

}  // namespace lethe::core::inline config
