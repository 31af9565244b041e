#include "core/config/field_yaml.h"

#include <algorithm>
#include <utility>

#include "core/config/ascending.h"
#include "core/nearest_word.h"

namespace lethe::core::inline config {
namespace {

std::optional<std::vector<int>> read_integers(const YamlValue& value, const IntegerListRule& rule, const char* what) {
  const auto items = value.list(what);
  if (!items) return std::nullopt;
  std::vector<int> numbers;
  for (const auto& item : *items) {
    const auto number = item.integer(rule.range);
    if (number) numbers.push_back(static_cast<int>(*number));
  }
  if (numbers.size() < items->size()) return std::nullopt;
  if (const auto problem = ascending_problem(numbers); !problem.empty()) {
    value.problem(problem);
    return std::nullopt;
  }
  return numbers;
}

std::optional<std::vector<std::string>> read_texts(const YamlValue& value) {
  const auto items = value.list("a list of texts");
  if (!items) return std::nullopt;
  if (items->empty()) value.problem("expected at least one text, found none");
  std::vector<std::string> texts;
  for (const auto& item : *items) {
    if (auto text = item.text()) texts.push_back(std::move(*text));
  }
  return texts;
}

/// One of the rule's words; a word that people write in its place gets its remark.
std::optional<std::string> word_of(const YamlValue& value, const WordRule& rule) {
  const auto text = value.node.IsScalar() ? value.node.Scalar() : std::string();
  const auto remark = std::ranges::find(rule.remarks, text, [](const auto& entry) { return entry.first; });
  if (remark == rule.remarks.end()) return value.word(rule.words);
  value.problem("expected " + join_alternatives(rule.words) + ", found \"" + text + "\"; " + remark->second);
  return std::nullopt;
}

std::optional<std::string> possibly_empty_text(const YamlValue& value) {
  if (value.node.IsScalar()) return value.node.Scalar();
  value.unexpected("a text");
  return std::nullopt;
}

}  // namespace

void YamlFieldReader::operator()(const char* name, std::int64_t& field, const IntegerRule& rule) {
  if (const auto value = find(name, rule.presence, "a whole number")) assign(field, value->integer(rule.range));
}

void YamlFieldReader::operator()(const char* name, std::optional<int>& field, const OptionalIntegerRule& rule) {
  const auto value = map_.find(name);
  if (!value) return;
  const auto text = value->node.IsScalar() ? value->node.Scalar() : std::string();
  const bool is_number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  if (text == rule.word) {
    field.reset();
  } else if (!is_number) {
    value->unexpected(std::string(rule.word) + " or a whole number of at least " + std::to_string(rule.range.min),
                      std::vector<std::string>{rule.word});
  } else if (const auto number = value->integer(rule.range)) {
    field = static_cast<int>(*number);
  }
}

void YamlFieldReader::operator()(const char* name, double& field, const RealRule& rule) {
  if (const auto value = find(name, rule.presence, "a number")) assign(field, value->real(rule.range));
}

void YamlFieldReader::operator()(const char* name, std::optional<double>& field, const RealRule& rule) {
  const auto value = find(name, rule.presence, "a number");
  if (!value) return;
  if (const auto number = value->real(rule.range)) field = number;
}

void YamlFieldReader::operator()(const char* name, bool& field) {
  if (const auto value = map_.find(name)) assign(field, value->boolean());
}

void YamlFieldReader::operator()(const char* name, std::optional<std::filesystem::path>& field) {
  const auto value = map_.find(name);
  if (!value) return;
  if (auto path = value->file_path()) field = std::move(path);
}

void YamlFieldReader::operator()(const char* name, std::vector<int>& field, const IntegerListRule& rule) {
  constexpr auto kWhat = "a list of whole numbers such as [3, 4, 5]";
  if (const auto value = find(name, rule.presence, kWhat)) assign(field, read_integers(*value, rule, kWhat));
}

void YamlFieldReader::operator()(const char* name, std::vector<std::string>& field, const TextListRule& /*rule*/) {
  if (const auto value = map_.find(name)) assign(field, read_texts(*value));
}

void YamlFieldReader::operator()(const char* name, std::string& field, const TextRule& rule) {
  const auto value = find(name, rule.presence, rule.expected);
  if (value) assign(field, rule.may_be_empty ? possibly_empty_text(*value) : value->text());
}

void YamlFieldReader::operator()(const char* name, std::string& field, const NameRule& rule) {
  if (const auto value = find(name, rule.presence, rule.expected)) assign(field, value->name());
}

void YamlFieldReader::operator()(const char* name, std::string& field, const WordRule& rule) {
  if (const auto value = map_.find(name)) assign(field, word_of(*value, rule));
}

void YamlFieldReader::operator()(const char* name, std::filesystem::path& field, const PathRule& rule) {
  const auto value = find(name, rule.presence, rule.expected);
  if (!value) return;
  const bool is_word = rule.word != nullptr && value->node.IsScalar() && value->node.Scalar() == rule.word;
  if (is_word) {
    field.clear();
  } else {
    assign(field, value->file_path());
  }
}

void YamlFieldReader::group(const char* name, const GroupRule& rule, const Fields& fields) {
  if (const auto value = find(name, rule.presence, rule.map)) read_map(*value, rule.map, fields);
}

void YamlFieldReader::recipe(const char* name, const Fields& fields) {
  if (const auto value = map_.find(name)) read_map(*value, std::string("a map of the ") + name + "'s settings", fields);
}

void YamlFieldReader::optional_group(const char* name, const GroupRule& rule, bool is_held,
                                     const std::function<void()>& make, const Fields& fields) {
  const auto value = map_.find(name);
  if (!value) return;
  if (!is_held) make();
  read_map(*value, rule.map, fields);
}

void YamlFieldReader::each(const char* name, const GroupRule& rule, std::size_t /*count*/, const Resize& resize,
                           const ItemFieldsAt& fields) {
  const auto value = find(name, rule.presence, rule.list);
  const auto items = value ? value->list(rule.list) : std::nullopt;
  if (!items) return;
  if (items->empty() && rule.empty != nullptr) value->problem(std::string("expected ") + rule.empty + ", found none");
  // From nothing, so that an item holds what it is given and defaults, not what a former one held.
  resize(0);
  resize(items->size());
  for (std::size_t i = 0; i < items->size(); ++i) {
    YamlMap map((*items)[i], rule.map);
    YamlFieldReader reader(map);
    fields(reader, i);
    map.finish();
  }
}

int YamlFieldReader::word(const char* name, int value, const WordRule& rule) {
  const auto given = map_.find(name);
  const auto word = given ? word_of(*given, rule) : std::nullopt;
  return word ? static_cast<int>(std::ranges::find(rule.words, *word) - rule.words.begin()) : value;
}

std::optional<YamlValue> YamlFieldReader::find(const char* name, Presence presence, const std::string& expected) {
  return map_.find(name, is_override_ ? Presence::kOptional : presence, expected);
}

void YamlFieldReader::read_map(const YamlValue& value, const std::string& what, const Fields& fields) const {
  YamlMap map(value, what);
  YamlFieldReader reader(map, is_override_);
  fields(reader);
  map.finish();
}

}  // namespace lethe::core::inline config
