#include "core/method_config.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/method_fields.h"
#include "core/nearest_word.h"

namespace lethe::core {
namespace {

MethodConfig rome_defaults(Fidelity fidelity) {
  RomeConfig config;
  if (fidelity == Fidelity::kPaper) {
    config.v_weight_decay = 1.5e-3;
    config.decay_norm = DecayNorm::kSquared;
    config.kl_factor = 1.0;
    config.kl_position = KlPosition::kLast;
    config.residual_key = ResidualKey::kContextMean;
    config.context_lengths = {{5, 25}, {10, 25}};
  }
  return config;
}

MethodConfig fine_tune_defaults(Fidelity fidelity) {
  FineTuneConfig config;
  if (fidelity == Fidelity::kPaper) {
    config.bound_centre = BoundCentre::kUnedited;
    config.tune_bias = false;
    config.target_positions = TargetPositions::kTeacherForced;
  }
  return config;
}

std::string rome_problem(const MethodConfig&) { return ""; }

std::string constrained_problem(const MethodConfig& config) {
  if (std::get<FineTuneConfig>(config).linf_bound) return "";
  return "linf_bound: is missing; expected a number above 0 (without a bound the method is ft)";
}

std::string unconstrained_problem(const MethodConfig& config) {
  if (!std::get<FineTuneConfig>(config).linf_bound) return "";
  return "linf_bound: is not a parameter of ft; expected none (with a bound the method is ft-c)";
}

struct MethodRow {
  std::string_view name;
  MethodConfig (*defaults)(Fidelity);
  std::string (*problem)(const MethodConfig&);
};

constexpr std::array<MethodRow, 3> kMethods{{
    {"rome", rome_defaults, rome_problem},
    {"ft-c", fine_tune_defaults, constrained_problem},
    {"ft", fine_tune_defaults, unconstrained_problem},
}};

const MethodRow& row_of(const std::string& method) {
  const auto row = std::find_if(kMethods.begin(), kMethods.end(), [&](const auto& r) { return r.name == method; });
  if (row != kMethods.end()) return *row;
  throw ConfigError("\"" + method + "\" is no editing method: expected " + join_alternatives(method_names()));
}

/// Fills fields from the keys of a map.
class YamlFieldReader {
 public:
  /// `is_override`: a `paper:` map, in which nothing is required.
  YamlFieldReader(YamlMap& map, bool is_override) : map_(map), is_override_(is_override) {}

  void operator()(const char* name, int& field, const IntegerRule& rule) {
    if (const auto value = find(name, rule.presence, "a whole number")) assign(field, value->integer(rule.range));
  }
  void operator()(const char* name, double& field, const RealRule& rule) {
    if (const auto value = find(name, rule.presence, "a number")) assign(field, value->real(rule.range));
  }
  void operator()(const char* name, std::optional<double>& field, const RealRule& rule) {
    const auto value = find(name, rule.presence, "a number");
    if (!value) return;
    if (const auto number = value->real(rule.range)) field = number;
  }
  void operator()(const char* name, bool& field, const NoRule&) {
    if (const auto value = map_.find(name)) assign(field, value->boolean());
  }
  void operator()(const char* name, std::optional<std::filesystem::path>& field, const NoRule&) {
    const auto value = map_.find(name);
    if (!value) return;
    if (auto path = value->file_path()) field = std::move(path);
  }
  void operator()(const char* name, std::vector<ContextLength>& field, const NoRule&) {
    if (const auto value = map_.find(name)) assign(field, read_context_lengths(*value));
  }
  template <typename Enum>
  void operator()(const char* name, Enum& field, const WordRule& rule) {
    const auto value = map_.find(name);
    if (!value) return;
    const auto word = value->word(rule.words);
    if (!word) return;
    field = static_cast<Enum>(std::find(rule.words.begin(), rule.words.end(), *word) - rule.words.begin());
  }

 private:
  YamlMap& map_;
  bool is_override_;

  std::optional<YamlValue> find(const char* name, Presence presence, const std::string& expected) {
    return map_.find(name, is_override_ ? Presence::kOptional : presence, expected);
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

}  // namespace

const std::vector<std::string>& method_names() {
  static const auto names = [] {
    std::vector<std::string> all;
    for (const auto& row : kMethods) all.emplace_back(row.name);
    return all;
  }();
  return names;
}

MethodConfig default_method_config(const std::string& method, Fidelity fidelity) {
  return row_of(method).defaults(fidelity);
}

std::string method_config_problem(const std::string& method, const MethodConfig& config) {
  const auto& row = row_of(method);
  if (config.index() != row.defaults(Fidelity::kCode).index()) return "holds the parameters of another method";
  return row.problem(config);
}

bool needs_second_moments(const MethodConfig& config) {
  const auto* rome = std::get_if<RomeConfig>(&config);
  return rome != nullptr && rome->mom2_adjustment;
}

MethodConfig read_method_config(const std::string& method, Fidelity fidelity, const YamlValue& value) {
  auto config = default_method_config(method, fidelity);
  YamlMap map(value, "a map of " + method + "'s hyper-parameters");
  YamlFieldReader reader(map, false);
  visit_method(reader, config);

  if (const auto paper = map.find("paper")) {
    auto overridden = config;
    YamlMap overrides(*paper, "a map of the fields that `fidelity: paper` changes");
    YamlFieldReader override_reader(overrides, true);
    visit_method(override_reader, overridden);
    overrides.finish();
    if (fidelity == Fidelity::kPaper) config = std::move(overridden);
  }
  map.finish();
  if (const auto problem = method_config_problem(method, config); map.is_map() && !problem.empty()) {
    value.inner_problem(problem);
  }
  return config;
}

}  // namespace lethe::core
