#include "core/config/method_config.h"

#include <algorithm>

#include "core/error.h"
#include "core/nearest_word.h"

namespace lethe::core::inline config {

std::int64_t lowest_edited_layer(const MethodConfig& config, std::int64_t num_layers) {
  const auto layers = config->edited_layers(num_layers);
  return layers.empty() ? num_layers : layers.front();
}

MethodCatalogue::MethodCatalogue(std::vector<Row> rows) : rows_(std::move(rows)) {
  for (const auto& row : rows_) names_.emplace_back(row.name);
}

std::unique_ptr<MethodSettings> MethodCatalogue::defaults(const std::string& method, Fidelity fidelity) const {
  const auto row = std::ranges::find(rows_, method, &Row::name);
  if (row != rows_.end()) return row->defaults(row->name, fidelity);
  throw ConfigError("\"" + method + "\" is no editing method: expected " + join_alternatives(names_));
}

}  // namespace lethe::core::inline config
