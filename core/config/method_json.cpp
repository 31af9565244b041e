#include "core/config/method_json.h"

#include <algorithm>
#include <cmath>

#include "core/config/method_fields.h"
#include "core/error.h"
#include "core/json_object.h"

namespace lethe::core::inline config {
namespace {

class JsonFieldWriter {
 public:
  nlohmann::json json = nlohmann::json::object();

  template <typename Value, typename Rule>
  void operator()(const char* name, const Value& value, const Rule&) {
    json[name] = value;
  }
  template <typename Rule>
  void operator()(const char* name, const std::optional<double>& value, const Rule&) {
    json[name] = value ? nlohmann::json(*value) : nlohmann::json(nullptr);
  }
  void operator()(const char* name, const std::optional<std::filesystem::path>& value, const NoRule&) {
    json[name] = value ? nlohmann::json(value->string()) : nlohmann::json(nullptr);
  }
  void operator()(const char* name, const std::vector<ContextLength>& value, const NoRule&) {
    json[name] = nlohmann::json::array();
    for (const auto& length : value) {
      json[name].push_back({{"length_tokens", length.length_tokens}, {"count", length.count}});
    }
  }
  void operator()(const char* name, const MendTrainingConfig& value, const NoRule&) {
    JsonFieldWriter writer;
    visit_mend_training_fields(writer, value);
    json[name] = std::move(writer.json);
  }
  template <typename Enum>
  void operator()(const char* name, const Enum& value, const WordRule& rule) {
    json[name] = rule.words.at(static_cast<std::size_t>(value));
  }
};

class JsonFieldReader {
 public:
  explicit JsonFieldReader(JsonObject<ConfigError>& object) : object_(object) {}

  void operator()(const char* name, int& field, const IntegerRule& rule) {
    field = static_cast<int>(object_.integer(name, rule.range.min, rule.range.max));
  }
  void operator()(const char* name, double& field, const RealRule& rule) {
    field = object_.real(name);
    if (!rule.range.contains(field)) object_.fail(std::string(name) + ": is out of range");
  }
  void operator()(const char* name, std::optional<double>& field, const RealRule& rule) {
    if (is_null(name)) return;
    double value = 0.0;
    (*this)(name, value, rule);
    field = value;
  }
  void operator()(const char* name, bool& field, const NoRule&) { field = object_.boolean(name); }
  void operator()(const char* name, std::optional<std::filesystem::path>& field, const NoRule&) {
    if (!is_null(name)) field = object_.text(name);
  }
  void operator()(const char* name, std::vector<ContextLength>& field, const NoRule&) {
    field.clear();
    object_.each(name, [&](JsonObject<ConfigError> item) {
      field.push_back({item.small_integer("length_tokens", 2, 1000), item.small_integer("count", 1, 10'000)});
      item.finish();
    });
  }
  void operator()(const char* name, std::vector<int>& field, const IntegerListRule& rule) {
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
  void operator()(const char* name, std::vector<std::string>& field, const TextListRule&) {
    field.clear();
    for (const auto& item : object_.list(name)) {
      if (!item.is_string() || item.get_ref<const std::string&>().empty()) {
        object_.fail(std::string(name) + ": holds something that is no text");
      }
      field.push_back(item.get<std::string>());
    }
    if (field.empty()) object_.fail(std::string(name) + ": is empty");
  }
  void operator()(const char* name, MendTrainingConfig& field, const NoRule&) {
    JsonObject<ConfigError> object(object_.at(name), object_.place_of(name));
    JsonFieldReader reader(object);
    visit_mend_training_fields(reader, field);
    object.finish();
  }
  template <typename Enum>
  void operator()(const char* name, Enum& field, const WordRule& rule) {
    const auto word = object_.text(name);
    const auto found = std::find(rule.words.begin(), rule.words.end(), word);
    if (found == rule.words.end()) object_.fail(std::string(name) + ": \"" + word + "\" is none of its words");
    field = static_cast<Enum>(found - rule.words.begin());
  }

 private:
  JsonObject<ConfigError>& object_;

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
  visit_method(writer, config);
  return std::move(writer.json);
}

MethodConfig method_from_json(const std::string& method, const nlohmann::json& value, const std::string& place) {
  auto config = default_method_config(method, Fidelity::kCode);
  JsonObject<ConfigError> object(value, place);
  JsonFieldReader reader(object);
  visit_method(reader, config);
  object.finish();
  if (const auto problem = method_config_problem(method, config); !problem.empty()) object.fail(problem);
  return config;
}

}  // namespace lethe::core::inline config
