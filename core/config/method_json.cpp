#include "core/config/method_json.h"

#include <algorithm>
#include <cmath>

#include "core/config/ascending.h"
#include "core/error.h"
#include "core/json_object.h"

namespace lethe::core::inline config {
namespace {

class JsonFieldWriter final : public FieldVisitor {
 public:
  nlohmann::json json = nlohmann::json::object();
  using FieldVisitor::operator();

  void operator()(const char* name, int& value, const IntegerRule& /*rule*/) override { json[name] = value; }
  void operator()(const char* name, double& value, const RealRule& /*rule*/) override { json[name] = value; }
  void operator()(const char* name, bool& value) override { json[name] = value; }
  void operator()(const char* name, std::vector<int>& value, const IntegerListRule& /*rule*/) override {
    json[name] = value;
  }
  void operator()(const char* name, std::vector<std::string>& value, const TextListRule& /*rule*/) override {
    json[name] = value;
  }
  void operator()(const char* name, std::optional<double>& value, const RealRule& /*rule*/) override {
    json[name] = value ? nlohmann::json(*value) : nlohmann::json(nullptr);
  }
  void operator()(const char* name, std::optional<std::filesystem::path>& value) override {
    json[name] = value ? nlohmann::json(value->string()) : nlohmann::json(nullptr);
  }
  void operator()(const char* name, std::vector<ContextLength>& value) override {
    json[name] = nlohmann::json::array();
    for (const auto& length : value) {
      json[name].push_back({{"length_tokens", length.length_tokens}, {"count", length.count}});
    }
  }
  void recipe(const char* name, const std::function<void(FieldVisitor&)>& fields) override {
    JsonFieldWriter writer;
    fields(writer);
    json[name] = std::move(writer.json);
  }

 private:
  int word(const char* name, int value, const WordRule& rule) override {
    json[name] = rule.words.at(static_cast<std::size_t>(value));
    return value;
  }
};

/// Names of the fields that say where something is or how it is made: what they lead to decides, not they.
class SourceFields final : public FieldVisitor {
 public:
  std::vector<std::string> names;
  using FieldVisitor::operator();

  void operator()(const char* /*name*/, int& /*field*/, const IntegerRule& /*rule*/) override {}
  void operator()(const char* /*name*/, double& /*field*/, const RealRule& /*rule*/) override {}
  void operator()(const char* /*name*/, std::optional<double>& /*field*/, const RealRule& /*rule*/) override {}
  void operator()(const char* /*name*/, bool& /*field*/) override {}
  void operator()(const char* name, std::optional<std::filesystem::path>& /*field*/) override {
    names.emplace_back(name);
  }
  void operator()(const char* /*name*/, std::vector<ContextLength>& /*field*/) override {}
  void operator()(const char* /*name*/, std::vector<int>& /*field*/, const IntegerListRule& /*rule*/) override {}
  void operator()(const char* /*name*/, std::vector<std::string>& /*field*/, const TextListRule& /*rule*/) override {}
  void recipe(const char* name, const std::function<void(FieldVisitor&)>& /*fields*/) override {
    names.emplace_back(name);
  }

 private:
  int word(const char* /*name*/, int value, const WordRule& /*rule*/) override { return value; }
};

class JsonFieldReader final : public FieldVisitor {
 public:
  explicit JsonFieldReader(JsonObject<ConfigError>& object) : object_(object) {}
  using FieldVisitor::operator();

  void operator()(const char* name, int& field, const IntegerRule& rule) override {
    field = static_cast<int>(object_.integer(name, rule.range.min, rule.range.max));
  }
  void operator()(const char* name, double& field, const RealRule& rule) override {
    field = object_.real(name);
    if (!rule.range.contains(field)) object_.fail(std::string(name) + ": is out of range");
  }
  void operator()(const char* name, std::optional<double>& field, const RealRule& rule) override {
    if (is_null(name)) return;
    double value = 0.0;
    (*this)(name, value, rule);
    field = value;
  }
  void operator()(const char* name, bool& field) override { field = object_.boolean(name); }
  void operator()(const char* name, std::optional<std::filesystem::path>& field) override {
    if (!is_null(name)) field = object_.text(name);
  }
  void operator()(const char* name, std::vector<ContextLength>& field) override {
    field.clear();
    object_.each(name, [&](JsonObject<ConfigError> item) {
      field.push_back({item.small_integer("length_tokens", 2, 1000), item.small_integer("count", 1, 10'000)});
      item.finish();
    });
  }
  void operator()(const char* name, std::vector<int>& field, const IntegerListRule& rule) override {
    field.clear();
    for (const auto& item : object_.list(name)) {
      const auto number = item.is_number_integer() ? item.get<std::int64_t>() : rule.range.min - 1;
      if (number < rule.range.min || number > rule.range.max) object_.fail(std::string(name) + ": is out of range");
      field.push_back(static_cast<int>(number));
    }
    // A list that need not be given may be empty: it is left to the model.
    if (field.empty() && rule.presence == Presence::kOptional) return;
    if (const auto problem = ascending_problem(field); !problem.empty()) {
      object_.fail(std::string(name) + ": " + problem);
    }
  }
  void operator()(const char* name, std::vector<std::string>& field, const TextListRule& /*rule*/) override {
    field.clear();
    for (const auto& item : object_.list(name)) {
      if (!item.is_string() || item.get_ref<const std::string&>().empty()) {
        object_.fail(std::string(name) + ": holds something that is no text");
      }
      field.push_back(item.get<std::string>());
    }
    if (field.empty()) object_.fail(std::string(name) + ": is empty");
  }
  void recipe(const char* name, const std::function<void(FieldVisitor&)>& fields) override {
    JsonObject<ConfigError> object(object_.at(name), object_.place_of(name));
    JsonFieldReader reader(object);
    fields(reader);
    object.finish();
  }

 private:
  JsonObject<ConfigError>& object_;

  int word(const char* name, int /*value*/, const WordRule& rule) override {
    const auto word = object_.text(name);
    const auto found = std::find(rule.words.begin(), rule.words.end(), word);
    if (found == rule.words.end()) object_.fail(std::string(name) + ": \"" + word + "\" is none of its words");
    return static_cast<int>(found - rule.words.begin());
  }

  /// Counts the key as read.
  bool is_null(const char* name) {
    if (!object_.is_null(name)) return false;
    object_.at(name);
    return true;
  }
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
