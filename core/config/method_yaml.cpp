#include "core/config/method_yaml.h"

#include <utility>

#include "core/config/field_yaml.h"

namespace lethe::core::inline config {
namespace {

/// Reports "key: text" where the key is given, in the first of the maps that has it, else at the last map.
void report_at_key(std::vector<YamlMap>& maps, const std::string& problem) {
  const auto colon = problem.find(": ");
  for (auto& map : maps) {
    if (const auto given = map.find(problem.substr(0, colon))) return given->problem(problem.substr(colon + 2));
  }
  maps.back().value().inner_problem(problem);
}

}  // namespace

MethodConfig read_method_config(const MethodCatalogue& methods, const std::string& method, Fidelity fidelity,
                                const YamlValue& value) {
  auto settings = methods.defaults(method, fidelity);
  YamlMap map(value, "a map of " + method + "'s hyper-parameters");
  YamlFieldReader reader(map);
  settings->visit_fields(reader);

  std::vector<YamlMap> places;  // what decides, first
  if (const auto paper = map.find("paper")) {
    auto overridden = settings->clone();
    YamlMap overrides(*paper, "a map of the fields that `fidelity: paper` changes");
    YamlFieldReader override_reader(overrides, true);
    overridden->visit_fields(override_reader);
    overrides.finish();
    if (fidelity == Fidelity::kPaper) {
      settings = std::move(overridden);
      places.push_back(std::move(overrides));
    }
  }
  map.finish();
  places.push_back(std::move(map));
  if (const auto problem = settings->problem(); places.back().is_map() && !problem.empty()) {
    report_at_key(places, problem);
  }
  return {method, std::move(settings)};
}

}  // namespace lethe::core::inline config
