#include "core/config/method_yaml.h"

#include <algorithm>
#include <utility>

#include "core/config/ascending.h"

namespace lethe::core::inline config {
namespace {

/// Fills fields from the keys of a map.
class YamlFieldReader final : public FieldVisitor {
 public:
  /// `is_override`: a `paper:` map, in which nothing is required.
  YamlFieldReader(YamlMap& map, bool is_override) : map_(map), is_override_(is_override) {}
  using FieldVisitor::operator();

  void operator()(const char* name, int& field, const IntegerRule& rule) override {
    if (const auto value = find(name, rule.presence, "a whole number")) assign(field, value->integer(rule.range));
  }
  void operator()(const char* name, double& field, const RealRule& rule) override {
    if (const auto value = find(name, rule.presence, "a number")) assign(field, value->real(rule.range));
  }
  void operator()(const char* name, std::optional<double>& field, const RealRule& rule) override {
    const auto value = find(name, rule.presence, "a number");
    if (!value) return;
    if (const auto number = value->real(rule.range)) field = number;
  }
  void operator()(const char* name, bool& field) override {
    if (const auto value = map_.find(name)) assign(field, value->boolean());
  }
  void operator()(const char* name, std::optional<std::filesystem::path>& field) override {
    const auto value = map_.find(name);
    if (!value) return;
    if (auto path = value->file_path()) field = std::move(path);
  }
  void operator()(const char* name, std::vector<ContextLength>& field) override {
    if (const auto value = map_.find(name)) assign(field, read_context_lengths(*value));
  }
  void operator()(const char* name, std::vector<int>& field, const IntegerListRule& rule) override {
    constexpr auto kWhat = "a list of whole numbers such as [3, 4, 5]";
    if (const auto value = find(name, rule.presence, kWhat)) assign(field, read_integers(*value, rule, kWhat));
  }
  void operator()(const char* name, std::vector<std::string>& field, const TextListRule& /*rule*/) override {
    if (const auto value = map_.find(name)) assign(field, read_texts(*value));
  }
  void recipe(const char* name, const std::function<void(FieldVisitor&)>& fields) override {
    const auto value = map_.find(name);
    if (!value) return;
    YamlMap map(*value, std::string("a map of the ") + name + "'s settings");
    YamlFieldReader reader(map, is_override_);
    fields(reader);
    map.finish();
  }

 private:
  YamlMap& map_;
  bool is_override_;

  int word(const char* name, int value, const WordRule& rule) override {
    const auto given = map_.find(name);
    const auto word = given ? given->word(rule.words) : std::nullopt;
    return word ? static_cast<int>(std::ranges::find(rule.words, *word) - rule.words.begin()) : value;
  }

  std::optional<YamlValue> find(const char* name, Presence presence, const std::string& expected) {
    return map_.find(name, is_override_ ? Presence::kOptional : presence, expected);
  }

  static std::optional<std::vector<int>> read_integers(const YamlValue& value, const IntegerListRule& rule,
                                                       const char* what) {
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

  static std::optional<std::vector<std::string>> read_texts(const YamlValue& value) {
    const auto items = value.list("a list of texts");
    if (!items) return std::nullopt;
    if (items->empty()) value.problem("expected at least one text, found none");
    std::vector<std::string> texts;
    for (const auto& item : *items) {
      if (auto text = item.text()) texts.push_back(std::move(*text));
    }
    return texts;
  }

  static std::optional<std::vector<ContextLength>> read_context_lengths(const YamlValue& value) {
    constexpr auto kWhat = "a list such as [{length_tokens: 5, count: 10}]";
    const auto items = value.list(kWhat);
    if (!items) return std::nullopt;
    std::vector<ContextLength> lengths;
    for (const auto& item : *items) {
      YamlMap map(item, "a map such as {length_tokens: 5, count: 10}");
      ContextLength length;
      // The seed token counts, so that two tokens hold one sampled one.
      const auto tokens = map.find("length_tokens", Presence::kRequired, "a whole number");
      if (tokens) assign(length.length_tokens, tokens->integer({2, 1000}));
      const auto count = map.find("count", Presence::kRequired, "a whole number");
      if (count) assign(length.count, count->integer({1, 10'000}));
      map.finish();
      lengths.push_back(length);
    }
    return lengths;
  }
};

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
  YamlFieldReader reader(map, false);
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
