#include "core/config/method_json.h"

#include "core/config/field_json.h"

namespace lethe::core::inline config {
namespace {

/// Names of the fields that say where something is or how it is made: what they lead to decides, not they.
class SourceFields final : public FieldVisitor {
 public:
  std::vector<std::string> names;
  using FieldVisitor::operator();

  void operator()(const char* /*name*/, std::int64_t& /*field*/, const IntegerRule& /*rule*/) override {}
  void operator()(const char* /*name*/, std::optional<int>& /*field*/, const OptionalIntegerRule& /*rule*/) override {}
  void operator()(const char* /*name*/, double& /*field*/, const RealRule& /*rule*/) override {}
  void operator()(const char* /*name*/, std::optional<double>& /*field*/, const RealRule& /*rule*/) override {}
  void operator()(const char* /*name*/, bool& /*field*/) override {}
  void operator()(const char* name, std::optional<std::filesystem::path>& /*field*/) override {
    names.emplace_back(name);
  }
  void operator()(const char* /*name*/, std::vector<int>& /*field*/, const IntegerListRule& /*rule*/) override {}
  void operator()(const char* /*name*/, std::vector<std::string>& /*field*/, const TextListRule& /*rule*/) override {}
  void operator()(const char* /*name*/, std::string& /*field*/, const TextRule& /*rule*/) override {}
  void operator()(const char* /*name*/, std::string& /*field*/, const NameRule& /*rule*/) override {}
  void operator()(const char* name, std::filesystem::path& /*field*/, const PathRule& /*rule*/) override {
    names.emplace_back(name);
  }
  // A group stands in identities whole.
  void group(const char* /*name*/, const GroupRule& /*rule*/, const Fields& /*fields*/) override {}
  void recipe(const char* name, const Fields& /*fields*/) override { names.emplace_back(name); }

 private:
  int word(const char* /*name*/, int value, const WordRule& /*rule*/) override { return value; }
  void optional_group(const char* /*name*/, const GroupRule& /*rule*/, bool /*is_held*/,
                      const std::function<void()>& /*make*/, const Fields& /*fields*/) override {}
  void each(const char* /*name*/, const GroupRule& /*rule*/, std::size_t /*count*/, const Resize& /*resize*/,
            const ItemFieldsAt& /*fields*/) override {}
};

}  // namespace

nlohmann::json method_to_json(const MethodConfig& config) {
  JsonFieldWriter writer;
  config->clone()->visit_fields(writer);
  return std::move(writer.json);
}

std::vector<std::string> source_fields(const MethodConfig& config) {
  SourceFields sources;
  config->clone()->visit_fields(sources);
  return std::move(sources.names);
}

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
