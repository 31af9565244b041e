#include "core/config/field_json.h"

#include <algorithm>

#include "core/config/ascending.h"
#include "core/grid_cell.h"

namespace lethe::core::inline config {
namespace {

template <typename Value>
nlohmann::json or_null(const std::optional<Value>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

}  // namespace

void JsonFieldWriter::operator()(const char* name, std::int64_t& field, const IntegerRule& /*rule*/) {
  json[name] = field;
}
void JsonFieldWriter::operator()(const char* name, std::optional<int>& field, const OptionalIntegerRule& /*rule*/) {
  json[name] = or_null(field);
}
void JsonFieldWriter::operator()(const char* name, double& field, const RealRule& /*rule*/) { json[name] = field; }
void JsonFieldWriter::operator()(const char* name, std::optional<double>& field, const RealRule& /*rule*/) {
  json[name] = or_null(field);
}
void JsonFieldWriter::operator()(const char* name, bool& field) { json[name] = field; }
void JsonFieldWriter::operator()(const char* name, std::optional<std::filesystem::path>& field) {
  json[name] = field ? nlohmann::json(field->string()) : nlohmann::json(nullptr);
  sources.emplace_back(name);
}
void JsonFieldWriter::operator()(const char* name, std::vector<int>& field, const IntegerListRule& /*rule*/) {
  json[name] = field;
}
void JsonFieldWriter::operator()(const char* name, std::vector<std::string>& field, const TextListRule& /*rule*/) {
  json[name] = field;
}
void JsonFieldWriter::operator()(const char* name, std::string& field, const TextRule& /*rule*/) { json[name] = field; }
void JsonFieldWriter::operator()(const char* name, std::string& field, const NameRule& /*rule*/) { json[name] = field; }
void JsonFieldWriter::operator()(const char* name, std::string& field, const WordRule& /*rule*/) { json[name] = field; }
void JsonFieldWriter::operator()(const char* name, std::filesystem::path& field, const PathRule& /*rule*/) {
  json[name] = field.string();
  sources.emplace_back(name);
}

void JsonFieldWriter::group(const char* name, const GroupRule& /*rule*/, const Fields& fields) {
  JsonFieldWriter writer;
  fields(writer);
  json[name] = std::move(writer.json);
}

void JsonFieldWriter::recipe(const char* name, const Fields& fields) {
  group(name, {}, fields);
  sources.emplace_back(name);
}

int JsonFieldWriter::word(const char* name, int value, const WordRule& rule) {
  json[name] = rule.words.at(static_cast<std::size_t>(value));
  return value;
}

void JsonFieldWriter::optional_group(const char* name, const GroupRule& /*rule*/, bool is_held,
                                     const std::function<void()>& /*make*/, const Fields& fields) {
  if (is_held) {
    group(name, {}, fields);
  } else {
    json[name] = nullptr;
  }
}

void JsonFieldWriter::each(const char* name, const GroupRule& /*rule*/, std::size_t count, const Resize& /*resize*/,
                           const ItemFieldsAt& fields) {
  auto& items = json[name] = nlohmann::json::array();
  for (std::size_t i = 0; i < count; ++i) {
    JsonFieldWriter writer;
    fields(writer, i);
    items.push_back(std::move(writer.json));
  }
}

void JsonFieldReader::operator()(const char* name, std::int64_t& field, const IntegerRule& rule) {
  field = object_.integer(name, rule.range.min, rule.range.max);
}

void JsonFieldReader::operator()(const char* name, std::optional<int>& field, const OptionalIntegerRule& rule) {
  field.reset();
  if (!is_null(name)) field = static_cast<int>(object_.integer(name, rule.range.min, rule.range.max));
}

void JsonFieldReader::operator()(const char* name, double& field, const RealRule& rule) {
  field = object_.real(name);
  if (!rule.range.contains(field)) object_.fail(std::string(name) + ": is out of range");
}

void JsonFieldReader::operator()(const char* name, std::optional<double>& field, const RealRule& rule) {
  field.reset();
  if (is_null(name)) return;
  double value = 0.0;
  (*this)(name, value, rule);
  field = value;
}

void JsonFieldReader::operator()(const char* name, bool& field) { field = object_.boolean(name); }

void JsonFieldReader::operator()(const char* name, std::optional<std::filesystem::path>& field) {
  field.reset();
  if (is_null(name)) return;
  field = object_.text(name);
  if (field->empty()) object_.fail(std::string(name) + ": is empty; expected a path");
}

void JsonFieldReader::operator()(const char* name, std::vector<int>& field, const IntegerListRule& rule) {
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

void JsonFieldReader::operator()(const char* name, std::vector<std::string>& field, const TextListRule& /*rule*/) {
  field.clear();
  for (const auto& item : object_.list(name)) {
    if (!item.is_string() || item.get_ref<const std::string&>().empty()) {
      object_.fail(std::string(name) + ": holds something that is no text");
    }
    field.push_back(item.get<std::string>());
  }
  if (field.empty()) object_.fail(std::string(name) + ": is empty");
}

void JsonFieldReader::operator()(const char* name, std::string& field, const TextRule& rule) {
  field = object_.text(name);
  if (field.empty() && !rule.may_be_empty) object_.fail(std::string(name) + ": is empty; expected " + rule.expected);
}

void JsonFieldReader::operator()(const char* name, std::string& field, const NameRule& rule) {
  field = object_.text(name);
  if (!is_path_safe_name(field)) object_.fail(std::string(name) + ": \"" + field + "\" is not " + rule.expected);
}

void JsonFieldReader::operator()(const char* name, std::string& field, const WordRule& rule) {
  field = rule.words[static_cast<std::size_t>(word(name, 0, rule))];
}

void JsonFieldReader::operator()(const char* name, std::filesystem::path& field, const PathRule& rule) {
  field = object_.text(name);
  const bool may_be_empty = rule.presence == Presence::kOptional || rule.word != nullptr;
  if (field.empty() && !may_be_empty) object_.fail(std::string(name) + ": is empty; expected " + rule.expected);
}

void JsonFieldReader::group(const char* name, const GroupRule& /*rule*/, const Fields& fields) { recipe(name, fields); }

void JsonFieldReader::recipe(const char* name, const Fields& fields) {
  JsonObject<ConfigError> object(object_.at(name), object_.place_of(name));
  JsonFieldReader reader(object);
  fields(reader);
  object.finish();
}

int JsonFieldReader::word(const char* name, int /*value*/, const WordRule& rule) {
  const auto word = object_.text(name);
  const auto found = std::ranges::find(rule.words, word);
  if (found == rule.words.end()) object_.fail(std::string(name) + ": \"" + word + "\" is none of its words");
  return static_cast<int>(found - rule.words.begin());
}

void JsonFieldReader::optional_group(const char* name, const GroupRule& /*rule*/, bool /*is_held*/,
                                     const std::function<void()>& make, const Fields& fields) {
  if (is_null(name)) return;
  make();
  recipe(name, fields);
}

void JsonFieldReader::each(const char* name, const GroupRule& rule, std::size_t /*count*/, const Resize& resize,
                           const ItemFieldsAt& fields) {
  const auto& items = object_.list(name);
  if (items.empty() && rule.empty != nullptr) object_.fail(std::string(name) + ": expected " + rule.empty);
  resize(0);
  resize(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    JsonObject<ConfigError> item(items[i], object_.place_of(name) + "[" + std::to_string(i) + "]");
    JsonFieldReader reader(item);
    fields(reader, i);
    item.finish();
  }
}

bool JsonFieldReader::is_null(const char* name) {
  if (!object_.is_null(name)) return false;
  object_.at(name);
  return true;
}

}  // namespace lethe::core::inline config
