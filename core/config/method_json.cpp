#include "core/config/method_json.h"

#include "core/config/field_json.h"

namespace lethe::core::inline config {
namespace {

JsonFieldWriter written(const MethodConfig& config) {
  JsonFieldWriter writer;
  config->clone()->visit_fields(writer);
  return writer;
}

}  // namespace

nlohmann::json method_to_json(const MethodConfig& config) { return written(config).json; }

std::vector<std::string> source_fields(const MethodConfig& config) { return written(config).sources; }

MethodConfig method_from_json(const MethodCatalogue& methods, const std::string& method, const nlohmann::json& value,
                              const std::string& place) {
  auto settings = methods.defaults(method, Fidelity::kCode);
  JsonObject<ConfigError> object(value, place);
  JsonFieldReader reader(object);
  settings->visit_fields(reader);
  object.finish();
  if (const auto problem = settings->problem(); !problem.empty()) object.fail(problem);
  return {method, std::move(settings)};
}

}  // namespace lethe::core::inline config
