#include "core/config/method_config.h"

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <numeric>

#include "core/config/method_fields.h"
#include "core/error.h"
#include "core/nearest_word.h"

namespace lethe::core::inline config {
namespace {

/// The paper's text on ROME's value and prefixes.
void follow_paper(RankOneConfig& config) {
  config.v_weight_decay = 1.5e-3;
  config.decay_norm = DecayNorm::kSquared;
  config.kl_factor = 1.0;
  config.kl_position = KlPosition::kLast;
  config.context_lengths = {{5, 25}, {10, 25}};
}

MethodConfig rome_defaults(Fidelity fidelity) {
  RomeConfig config;
  if (fidelity == Fidelity::kPaper) {
    follow_paper(config);
    config.residual_key = ResidualKey::kContextMean;
  }
  return config;
}

MethodConfig r_rome_defaults(Fidelity fidelity) {
  RRomeConfig config;
  if (fidelity == Fidelity::kPaper) follow_paper(config);
  return config;
}

MethodConfig memit_defaults(Fidelity fidelity) {
  MemitConfig config;
  if (fidelity == Fidelity::kPaper) {
    config.v_weight_decay = 0.0;
    config.kl_factor = 0.0;
    config.clamp_norm_factor = 0.0;
    config.early_stop_loss = 0.0;
    config.key_weights = KeyWeights::kPlain;
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

std::string single_fact_problem(const MethodConfig& config) {
  const auto facts = batch_size(config);
  if (facts == 1) return "";
  return "batch_size: expected 1, found " + std::to_string(facts) +
         "; rome and r-rome edit one fact a step (memit, mend, ft-c and ft edit several)";
}

std::string no_problem(const MethodConfig&) { return ""; }

MethodConfig mend_defaults(Fidelity fidelity) {
  MendConfig config;
  if (fidelity == Fidelity::kPaper) {
    config.running_statistics = RunningStatistics::kLoaded;
    config.learning_rate_order = LearningRateOrder::kPaper;
    config.pad_class = false;
    config.input_normalization = InputNormalization::kNone;
    config.last_bias = false;
    config.update_sign = UpdateSign::kMinus;
  }
  return config;
}

std::string mend_problem(const MethodConfig& config) {
  const auto& mend = std::get<MendConfig>(config);
  if (mend.editor || mend.training.records) return "";
  return "editor: is missing; expected a trained editor's file, or training: {records: FILE} to have one trained";
}

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

constexpr std::array<MethodRow, 6> kMethods{{
    {"rome", rome_defaults, single_fact_problem},
    {"r-rome", r_rome_defaults, single_fact_problem},
    {"memit", memit_defaults, no_problem},
    {"ft-c", fine_tune_defaults, constrained_problem},
    {"ft", fine_tune_defaults, unconstrained_problem},
    {"mend", mend_defaults, mend_problem},
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
  void operator()(const char* name, std::vector<int>& field, const IntegerListRule& rule) {
    constexpr auto kWhat = "a list of whole numbers such as [3, 4, 5]";
    if (const auto value = find(name, rule.presence, kWhat)) assign(field, read_integers(*value, rule, kWhat));
  }
  void operator()(const char* name, std::vector<std::string>& field, const TextListRule&) {
    if (const auto value = map_.find(name)) assign(field, read_texts(*value));
  }
  void operator()(const char* name, MendTrainingConfig& field, const NoRule&) {
    const auto value = map_.find(name);
    if (!value) return;
    YamlMap map(*value, "a map of the training's settings");
    YamlFieldReader reader(map, is_override_);
    visit_mend_training_fields(reader, field);
    map.finish();
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

  /// Nothing if any item is wrong: a shorter list would be another method.
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

RankOneConfig::RankOneConfig() : context_lengths{{5, 10}, {10, 10}} {}

MemitConfig::MemitConfig() : context_seeds{"The", "Therefore", "Because", "I", "You"}, context_lengths{{10, 1}} {
  clamp_norm_factor = 0.75;
}

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

std::string ascending_problem(const std::vector<int>& numbers) {
  if (numbers.empty()) return "expected at least one number, found none";
  const auto pair = std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal<>());
  if (pair == numbers.end()) return "";
  return "expected numbers each above the one before, found " + std::to_string(*(pair + 1)) + " after " +
         std::to_string(*pair);
}

bool needs_trained_editor(const MethodConfig& config) {
  const auto* mend = std::get_if<MendConfig>(&config);
  return mend != nullptr && !mend->editor;
}

std::vector<int> second_moment_layers(const MethodConfig& config) {
  struct Visitor {
    std::vector<int> operator()(const RankOneConfig& one) const {
      return one.mom2_adjustment ? std::vector<int>{one.layer} : std::vector<int>{};
    }
    std::vector<int> operator()(const MemitConfig& memit) const { return memit.layers; }
    std::vector<int> operator()(const FineTuneConfig&) const { return {}; }
    std::vector<int> operator()(const MendConfig&) const { return {}; }
  };
  return std::visit(Visitor{}, config);
}

std::vector<int> mend_layers(const std::vector<int>& configured, std::int64_t num_layers) {
  constexpr std::int64_t kDefaultBlocks = 3;
  if (!configured.empty()) return configured;
  std::vector<int> last(static_cast<std::size_t>(std::min(kDefaultBlocks, num_layers)));
  std::iota(last.begin(), last.end(), static_cast<int>(num_layers - std::ssize(last)));
  return last;
}

std::vector<int> edited_layers(const MethodConfig& config, std::int64_t num_layers) {
  struct Visitor {
    std::int64_t num_layers;
    std::vector<int> operator()(const RankOneConfig& one) const { return {one.layer}; }
    std::vector<int> operator()(const MemitConfig& memit) const { return memit.layers; }
    std::vector<int> operator()(const FineTuneConfig& one) const { return {one.layer}; }
    std::vector<int> operator()(const MendConfig& mend) const { return mend_layers(mend.layers, num_layers); }
  };
  return std::visit(Visitor{num_layers}, config);
}

std::int64_t lowest_edited_layer(const MethodConfig& config, std::int64_t num_layers) {
  const auto layers = edited_layers(config, num_layers);
  return layers.empty() ? num_layers : layers.front();
}

int batch_size(const MethodConfig& config) {
  return std::visit([](const auto& one) { return one.batch_size; }, config);
}

std::optional<std::filesystem::path> contexts_file(const MethodConfig& config) {
  using Path = std::optional<std::filesystem::path>;
  struct Visitor {
    Path operator()(const RankOneConfig& one) const { return one.contexts_file; }
    Path operator()(const MemitConfig& memit) const { return memit.contexts_file; }
    Path operator()(const FineTuneConfig&) const { return std::nullopt; }
    Path operator()(const MendConfig&) const { return std::nullopt; }
  };
  return std::visit(Visitor{}, config);
}

bool stores_snapshots(const MethodConfig& config) { return std::holds_alternative<FineTuneConfig>(config); }

MethodConfig read_method_config(const std::string& method, Fidelity fidelity, const YamlValue& value) {
  auto config = default_method_config(method, fidelity);
  YamlMap map(value, "a map of " + method + "'s hyper-parameters");
  YamlFieldReader reader(map, false);
  visit_method(reader, config);

  std::vector<YamlMap> places;  // what decides, first
  if (const auto paper = map.find("paper")) {
    auto overridden = config;
    YamlMap overrides(*paper, "a map of the fields that `fidelity: paper` changes");
    YamlFieldReader override_reader(overrides, true);
    visit_method(override_reader, overridden);
    overrides.finish();
    if (fidelity == Fidelity::kPaper) {
      config = std::move(overridden);
      places.push_back(std::move(overrides));
    }
  }
  map.finish();
  places.push_back(std::move(map));
  if (const auto problem = method_config_problem(method, config); places.back().is_map() && !problem.empty()) {
    report_at_key(places, problem);
  }
  return config;
}

}  // namespace lethe::core::inline config
