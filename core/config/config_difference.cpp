#include "core/config/config_difference.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_object.h"

namespace lethe::core::inline config {
namespace {

constexpr std::size_t kNamesShown = 4;
constexpr std::size_t kLongestValue = 60;
constexpr std::size_t kShownBefore = 20;

/// Settings of a model's methods that come or go with a method or a model are no news beside its cells.
void keep_shared_methods(nlohmann::json& models, const ExperimentConfig& other) {
  for (auto model = models.begin(); model != models.end();) {
    const auto same = std::ranges::find(other.models, model.key(), &ModelConfig::name);
    if (same == other.models.end()) {
      model = models.erase(model);
      continue;
    }
    auto& methods = model.value()["methods"];
    for (auto method = methods.begin(); method != methods.end();) {
      method = same->methods.contains(method.key()) ? std::next(method) : methods.erase(method);
    }
    ++model;
  }
}

/// Keys with their values, "models.gpt2.path" for one inside, as far as `other` may have them too.
std::map<std::string, std::string> values_of(const ExperimentConfig& config, const ExperimentConfig& other) {
  auto document = parse_json<ConfigError>(to_json(config), "experiment.json");
  for (const char* told : {"cells", "edits", "skipped", "tasks", "source"}) document.erase(told);
  auto by_name = nlohmann::json::object();
  for (auto& model : document["models"]) by_name[model["name"].get<std::string>()] = model;
  keep_shared_methods(by_name, other);
  document["models"] = std::move(by_name);
  std::map<std::string, std::string> values;
  const auto flat = document.flatten();
  for (const auto& [pointer, value] : flat.items()) {
    auto key = pointer.substr(1);
    std::ranges::replace(key, '/', '.');
    values[key] = value.dump(-1, ' ', true);
  }
  return values;
}

/// Of a long value a part with what follows `same`, the number of letters that both values begin with.
std::string shortened(const std::string& text, std::size_t same) {
  if (text.size() <= kLongestValue) return text;
  const auto begin = same + kShownBefore < kLongestValue ? 0 : std::min(text.size(), same) - kShownBefore;
  const auto part = text.substr(begin, kLongestValue);
  return (begin > 0 ? "..." : "") + part + (begin + part.size() < text.size() ? "..." : "");
}

}  // namespace

std::vector<KeyDifference> key_differences(const ExperimentConfig& one, const ExperimentConfig& other) {
  constexpr const char* kAbsent = "(none)";
  auto before = values_of(one, other);
  const auto now = values_of(other, one);
  for (const auto& [key, value] : now) before.try_emplace(key, kAbsent);
  std::vector<KeyDifference> differences;
  for (const auto& [key, value] : before) {
    const auto found = now.find(key);
    const auto present = found == now.end() ? std::string(kAbsent) : found->second;
    if (present == value) continue;
    const auto parting = std::ranges::mismatch(value, present);
    const auto same = static_cast<std::size_t>(parting.in1 - value.begin());
    differences.push_back({key, shortened(value, same), shortened(present, same)});
  }
  return differences;
}

GridDifference grid_difference(const ExperimentConfig& one, const ExperimentConfig& other) {
  GridDifference difference;
  for (const auto& [cell, edits] : other.edits) {
    const auto found = one.edits.find(cell);
    if (found == one.edits.end()) {
      difference.only_other.push_back(cell.name());
    } else if (found->second != edits) {
      difference.other_edits[{found->second, edits}].push_back(cell.name());
    }
  }
  for (const auto& [cell, edits] : one.edits) {
    if (!other.edits.contains(cell)) difference.only_one.push_back(cell.name());
  }
  return difference;
}

std::string first_names(const std::vector<std::string>& names) {
  std::string text;
  const auto shown = std::min(names.size(), kNamesShown);
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (shown < names.size()) text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

}  // namespace lethe::core::inline config
