#include "core/config/method_yaml.h"

#include <utility>

#include "core/config/field_yaml.h"
#include "core/nearest_word.h"

namespace lethe::core::inline config {
namespace {

constexpr const char* kVariantMethod = "method";
constexpr const char* kVariantConfig = "config";

/// Reports "key: text" where the key is given, in the first of the maps that has it, else at the last map.
void report_at_key(std::vector<YamlMap>& maps, const std::string& problem) {
  const auto colon = problem.find(": ");
  for (auto& map : maps) {
    if (const auto given = map.find(problem.substr(0, colon))) return given->problem(problem.substr(colon + 2));
  }
  maps.back().value().inner_problem(problem);
}

/// Reads the fields of `map`, and of its `paper:`, over `settings`.
MethodConfig read_over(std::unique_ptr<MethodSettings> settings, const std::string& method, Fidelity fidelity,
                       YamlMap map, bool is_override) {
  YamlFieldReader reader(map, is_override);
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

std::string fields_of(const std::string& method) { return "a map of " + method + "'s hyper-parameters"; }

}  // namespace

MethodConfig read_method_config(const MethodCatalogue& methods, const std::string& method, Fidelity fidelity,
                                const YamlValue& value) {
  return read_over(methods.defaults(method, fidelity), method, fidelity, YamlMap(value, fields_of(method)), false);
}

bool is_variant(const YamlValue& value) { return value.node.IsMap() && value.child(kVariantMethod).has_value(); }

std::optional<MethodConfig> read_variant(const MethodCatalogue& methods, Fidelity fidelity, const YamlValue& value) {
  YamlMap map(value, "a map with method, config and fields that differ");
  const auto named = map.find(kVariantMethod, Presence::kRequired, join_alternatives(methods.names()));
  const auto method = named ? named->word(methods.names()) : std::nullopt;
  const auto base = map.find(kVariantConfig);
  if (!method) return std::nullopt;
  auto settings = methods.defaults(*method, fidelity);
  if (!base) return read_over(std::move(settings), *method, fidelity, std::move(map), false);
  std::optional<YamlFile> file;
  if (!base->node.IsScalar()) {
    base->unexpected("a file of " + *method + "'s hyper-parameters");
  } else if (const auto resolved = resolve(*base, file)) {
    settings = read_method_config(methods, *method, fidelity, *resolved).settings().clone();
  }
  return read_over(std::move(settings), *method, fidelity, std::move(map), true);
}

}  // namespace lethe::core::inline config
