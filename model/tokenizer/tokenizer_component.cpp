#include "model/tokenizer/tokenizer_component.h"

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace lethe::model::inline tokenizer {
namespace {

using data::Json;

[[noreturn]] void refuse_value(const std::string& place, const std::string& key, const Json& value,
                               const std::string& reason) {
  throw core::DataError(place + ": \"" + key + "\": " + shown(value) + " is not supported: " + reason);
}

}  // namespace

Component::Component(const Json& object, std::string place, std::string key)
    : object_(&object), place_(std::move(place)), key_(std::move(key)) {
  if (!object.is_object()) refuse_value(place_, key_, object, "an object with a type expected");
  const Json type = value("type");
  if (!type.is_string()) refuse_value(place_, key_ + ".type", type, "the name of a type expected");
  type_ = type.get<std::string>();
}

Json Component::value(std::string_view name) const {
  const auto found = object_->find(std::string(name));
  return found == object_->end() ? Json() : *found;
}

void Component::allow_only(std::initializer_list<std::string_view> names) const {
  for (const auto& [name, value] : object_->items()) {
    if (name == "type" || value.is_null() || std::ranges::find(names, name) != names.end()) continue;
    refuse(name, "lethe knows no such setting of " + type_);
  }
}

bool Component::flag(std::string_view name, bool otherwise) const {
  const Json found = value(name);
  if (found.is_null()) return otherwise;
  if (!found.is_boolean()) refuse(name, "true or false expected");
  return found.get<bool>();
}

std::string Component::text(std::string_view name) const {
  const Json found = value(name);
  if (!found.is_string()) refuse(name, "a text expected");
  return found.get<std::string>();
}

std::string Component::text(std::string_view name, const std::string& otherwise) const {
  return value(name).is_null() ? otherwise : text(name);
}

std::int64_t Component::count(std::string_view name) const {
  const auto found = data::integer_of(value(name));
  if (!found || *found < 0) refuse(name, "a count expected");
  return *found;
}

std::vector<Component> Component::parts(std::string_view name) const {
  const auto found = object_->find(std::string(name));
  if (found == object_->end() || !found->is_array()) refuse(name, "a list of parts expected");
  std::vector<Component> parts;
  for (const Json& part : *found) {
    parts.emplace_back(part, place_, key_ + "." + std::string(name) + "[" + std::to_string(parts.size()) + "]");
  }
  return parts;
}

std::string Component::name_of(std::string_view name) const {
  return place_ + ": \"" + key_ + "." + std::string(name) + "\"";
}

void Component::refuse(std::string_view name, const std::string& reason) const {
  refuse_value(place_, key_ + "." + std::string(name), value(name), reason);
}

void Component::refuse(const std::string& reason) const { refuse_value(place_, key_, *object_, reason); }

std::string shown(const Json& value) {
  if (value.is_object() && value.contains("type")) return value["type"].dump();
  return value.is_structured() ? data::describe(value) : value.dump();
}

}  // namespace lethe::model::inline tokenizer
