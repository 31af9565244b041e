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
  JsonObject<ConfigError> object(value, place);
  std::unique_ptr<MethodSettings> settings;
  try {
    settings = methods.defaults(method, Fidelity::kCode);
  } catch (const ConfigError& error) {  // which knows of no file
    object.fail(error.what());
  }
  JsonFieldReader reader(object);
  settings->visit_fields(reader);
  object.finish();
  if (const auto problem = settings->problem(); !problem.empty()) object.fail(problem);
  return {method, std::move(settings)};
}

}  // namespace lethe::core::inline config
