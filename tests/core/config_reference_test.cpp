// docs/config.md names every key that is read, with its type and its defaults.

#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/config/experiment_config.h"
#include "core/error.h"
#include "editing/methods/catalogue.h"
#include "tests/support/temporary_folder.h"

namespace lethe::core {
namespace {

using Cells = std::vector<std::string>;

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// The rows below the heading that holds `name`, up to the next heading; cells[0] is the key.
std::vector<Cells> rows_of(const std::string& name) {
  std::istringstream document(test::read_text(std::filesystem::path(LETHE_SOURCE_DIR) / "docs/config.md"));
  std::vector<Cells> rows;
  bool is_inside = false;
  for (std::string line; std::getline(document, line);) {
    if (line.starts_with("#")) is_inside = line.starts_with("### ") && line.find("`" + name + "`") != std::string::npos;
    if (!is_inside || !line.starts_with("| `")) continue;
    Cells cells;
    std::istringstream parts(line.substr(1));
    for (std::string cell; std::getline(parts, cell, '|');) cells.push_back(trimmed(cell));
    cells[0] = cells[0].substr(1, cells[0].size() - 2);
    rows.push_back(std::move(cells));
  }
  return rows;
}

std::string shortest(double number) {
  std::array<char, 32> buffer{};
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr};
}

/// Without the marks of code, and numbers in one form: `1e-6` and 0.000001 are the same.
std::string value_of(std::string cell) {
  if (cell.starts_with('`') && cell.ends_with('`') && cell.size() > 1) cell = cell.substr(1, cell.size() - 2);
  double number = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  const bool is_number = error == std::errc{} && end == cell.data() + cell.size();
  return is_number ? shortest(number) : cell;
}

template <typename Item, typename ToText>
std::string listed(const std::vector<Item>& items, const ToText& text_of) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "" : ", ") + text_of(item);
  return text;
}

struct DocumentedField {
  std::string type;
  std::string value;
  bool is_required = false;
};

/// What the document shall say of a configuration's fields.
class FieldDescriber final : public FieldVisitor {
 public:
  using FieldVisitor::operator();
  std::vector<std::string> names;
  std::map<std::string, DocumentedField> fields;

  void operator()(const char* name, std::int64_t& field, const IntegerRule& rule) override {
    add(name, "integer, " + in_words(rule.range), shortest(static_cast<double>(field)), rule.presence);
  }
  void operator()(const char* name, double& field, const RealRule& rule) override {
    add(name, in_words(rule.range), shortest(field), rule.presence);
  }
  void operator()(const char* name, std::optional<double>& field, const RealRule& rule) override {
    add(name, in_words(rule.range), field ? shortest(*field) : "none", rule.presence);
  }
  void operator()(const char* name, bool& field) override { add(name, "boolean", field ? "true" : "false"); }
  void operator()(const char* name, std::optional<std::filesystem::path>& field) override {
    add(name, "path", field ? field->string() : "none");
  }
  void operator()(const char* name, std::optional<int>& field, const OptionalIntegerRule& rule) override {
    add(name, std::string(rule.word) + ", or integer, " + in_words(rule.range),
        field ? std::to_string(*field) : rule.word);
  }
  void operator()(const char* name, std::vector<int>& field, const IntegerListRule& rule) override {
    const auto text_of = [](int one) { return std::to_string(one); };
    add(name, "ascending list of integers, " + in_words(rule.range), "[" + listed(field, text_of) + "]", rule.presence);
  }
  void operator()(const char* name, std::vector<std::string>& field, const TextListRule& /*rule*/) override {
    add(name, "list of texts", "[" + listed(field, [](const std::string& one) { return one; }) + "]");
  }
  void operator()(const char* name, std::string& field, const TextRule& rule) override {
    add(name, "text", field.empty() ? "none" : field, rule.presence);
  }
  void operator()(const char* name, std::string& field, const NameRule& rule) override {
    add(name, "name", field.empty() ? "none" : field, rule.presence);
  }
  void operator()(const char* name, std::string& field, const WordRule& rule) override {
    add(name, "one of " + listed(rule.words, [](const std::string& one) { return one; }), field);
  }
  void operator()(const char* name, std::filesystem::path& field, const PathRule& rule) override {
    add(name, rule.word == nullptr ? "path" : std::string("path, or ") + rule.word,
        field.empty() ? "none" : field.string(), rule.presence);
  }
  void group(const char* name, const GroupRule& rule, const Fields& /*fields*/) override {
    add(name, "map", "none", rule.presence);
  }
  void recipe(const char* name, const Fields& inner) override {
    prefix_ = std::string(name) + ".";
    inner(*this);
    prefix_.clear();
  }

 private:
  std::string prefix_;

  void optional_group(const char* name, const GroupRule& rule, bool /*is_held*/, const std::function<void()>& /*make*/,
                      const Fields& inner) override {
    group(name, rule, inner);
  }
  void each(const char* name, const GroupRule& rule, std::size_t count, const Resize& /*resize*/,
            const ItemFieldsAt& item_fields) override {
    std::vector<std::string> items;
    FieldDescriber first;
    for (std::size_t i = 0; i < count; ++i) {
      FieldDescriber item;
      item_fields(item, i);
      const auto text_of = [&](const std::string& key) { return key + ": " + item.fields.at(key).value; };
      items.push_back("{" + listed(item.names, text_of) + "}");
      if (i == 0) first = item;
    }
    const auto same = [](const std::string& one) { return one; };
    const auto keys = listed(first.names, same);
    add(name, keys.empty() ? "list of maps" : "list of {" + keys + "}", "[" + listed(items, same) + "]", rule.presence);
  }

  int word(const char* name, int value, const WordRule& rule) override {
    const auto text_of = [](const std::string& one) { return one; };
    add(name, "one of " + listed(rule.words, text_of), rule.words.at(static_cast<std::size_t>(value)));
    return value;
  }
  void add(const char* name, std::string type, std::string value, Presence presence = Presence::kOptional) {
    names.push_back(prefix_ + name);
    fields[names.back()] = {std::move(type), std::move(value), presence == Presence::kRequired};
  }
  static std::string in_words(IntegerRange range) {
    return std::to_string(range.min) + " to " + std::to_string(range.max);
  }
  static std::string in_words(RealRange range) {
    if (range.min == -std::numeric_limits<double>::max()) return "number";
    const auto least = (range.includes_min ? "number, at least " : "number above ") + shortest(range.min);
    return std::isinf(range.max) ? least : least + " and at most " + shortest(range.max);
  }
};

FieldDescriber described(const std::string& method, Fidelity fidelity) {
  FieldDescriber describer;
  editing::catalogue().defaults(method, fidelity)->visit_fields(describer);
  return describer;
}

TEST(ConfigReference, HasEveryFieldOfEveryMethodWithItsDefaults) {
  for (const auto& method : editing::catalogue().names()) {
    const auto code = described(method, Fidelity::kCode);
    const auto paper = described(method, Fidelity::kPaper);
    std::vector<std::string> names;
    for (const auto& cells : rows_of(method)) {
      const auto& key = names.emplace_back(cells[0]);
      if (!code.fields.contains(key)) continue;
      const auto place = method + "." + key;
      ASSERT_EQ(cells.size(), 7U) << place << ": key, type, default, paper, unit, meaning, source";
      const auto& expected = code.fields.at(key);
      const auto& under_paper = paper.fields.at(key);
      EXPECT_EQ(cells[1], expected.type) << place;
      EXPECT_EQ(value_of(cells[2]), expected.is_required ? "required" : expected.value) << place;
      EXPECT_EQ(value_of(cells[3]), under_paper.value == expected.value ? "=" : under_paper.value) << place;
      for (std::size_t i = 4; i < cells.size(); ++i) EXPECT_NE(cells[i], "") << place;
    }
    EXPECT_EQ(names, code.names) << method;
  }
}

const std::string kDataset = "dataset: {records: r, samples: s}\n";
const std::string kModels =
    "models: {a: {path: p, second_moments: {corpus: c}, methods: {rome: {layer: 0}}},\n"
    "         b: {path: p, second_moments: {npz: 'm-{layer}.npz'}, methods: {rome: {layer: 0}}}}\n";
const std::string kGrid = "grid: {methods: [rome], samples: [0]}\nedits: 60\n";
const std::string kTask = "name: t, examples: e, query: q, marker: q, answers: [{word: w, label: 0}]";

/// A map of a config under its heading: a text in which it holds one unknown key alone, and its place in the resolved
/// config, where it has one.
struct ConfigMap {
  std::string heading;
  std::string text;
  std::string resolved;
};

std::vector<ConfigMap> config_maps() {
  return {
      {"experiment", "zzz: 1\n", ""},
      {"dataset", "dataset: {zzz: 1}\n" + kModels + kGrid, "/dataset"},
      {"models", kDataset + "models: {a: {zzz: 1}}\n" + kGrid, "/models/0"},
      {"second_moments",
       kDataset + "models: {a: {path: p, second_moments: {zzz: 1}, methods: {rome: {layer: 0}}}}\n" + kGrid,
       "/models/0/second_moments"},
      {"grid", kDataset + kModels + "grid: {zzz: 1}\nedits: 60\n", "none"},
      {"exclude", kDataset + kModels + "grid: {methods: [rome], samples: [0], exclude: [{zzz: 1}]}\nedits: 60\n",
       "none"},
      {"include", kDataset + kModels + "grid: {methods: [rome], samples: [0], include: [{zzz: 1}]}\nedits: 60\n",
       "none"},
      {"tasks", kDataset + kModels + kGrid + "tasks: [{zzz: 1}]\n", "/tasks/0"},
      {"answers",
       kDataset + kModels + kGrid + "tasks: [{name: t, examples: e, query: q, marker: q, answers: [{zzz: 1}]}]\n",
       "/tasks/0/answers/0"},
      {"context_lengths",
       kDataset +
           "models: {a: {path: p, second_moments: {corpus: c}, methods: {rome: {layer: 0, context_lengths: "
           "[{zzz: 1}]}}}}\n" +
           kGrid,
       "none"},
  };
}

std::set<std::string> known_keys(const std::string& problems) {
  std::smatch match;
  if (!std::regex_search(problems, match, std::regex("zzz: unknown key; expected ([^;\n]*)"))) return {};
  const auto keys = std::regex_replace(match[1].str(), std::regex(" or "), ", ");
  const std::regex word("[a-z_]+");
  std::set<std::string> known;
  for (std::sregex_iterator i(keys.begin(), keys.end(), word), end; i != end; ++i) known.insert(i->str());
  return known;
}

TEST(ConfigReference, HasEveryKeyOfAnExperimentAndSaysWhichAreRequired) {
  const test::TemporaryFolder folder;
  for (const auto& map : config_maps()) {
    const auto problems = test::message_of<ConfigError>(
        [&] { load_experiment_config(folder.write("x.yaml", map.text), editing::catalogue()); });
    std::set<std::string> documented;
    for (const auto& cells : rows_of(map.heading)) {
      ASSERT_EQ(cells.size(), 6U) << map.heading << ": key, type, default, unit, meaning, source";
      for (const auto& cell : cells) EXPECT_NE(cell, "") << map.heading << "." << cells[0];
      EXPECT_TRUE(documented.insert(cells[0]).second) << map.heading << "." << cells[0] << " stands twice";
      const bool is_required = std::regex_search(problems, std::regex("\\b" + cells[0] + ": is missing"));
      EXPECT_EQ(cells[2] == "required", is_required) << map.heading << "." << cells[0];
    }
    EXPECT_EQ(documented, known_keys(problems)) << map.heading << "\n" << problems;
  }
}

/// Values that a documented type allows and forbids, as YAML.
struct TypeValues {
  std::vector<std::string> right;
  std::vector<std::string> wrong;
};

TypeValues values_of_integer(const std::smatch& match) {
  const auto least = std::stoll(match[1].str());
  TypeValues values{{std::to_string(least)}, {std::to_string(least - 1), "1.5", "zzz", "[1]"}};
  if (match[2].matched) {
    const auto most = std::stoll(match[2].str());
    values.right.push_back(std::to_string(most));
    values.wrong.push_back(std::to_string(most + 1));
  }
  return values;
}

/// By the type's words; nothing for one whose rule is not in its words ("list of [patterns]").
TypeValues values_of(const std::string& type) {
  std::smatch match;
  if (std::regex_search(type, match, std::regex("integer, (?:at least )?(\\d+)(?: to (\\d+))?"))) {
    auto values = values_of_integer(match);
    if (std::regex_search(type, match, std::regex("`([a-z]+)`, or integer"))) values.right.push_back(match[1].str());
    return values;
  }
  if (std::regex_match(type, match, std::regex("one of (.*)"))) {
    TypeValues values{{}, {"zzz", "[a]"}};
    std::istringstream words(match[1].str());
    for (std::string word; std::getline(words, word, ',');) values.right.push_back(trimmed(word));
    return values;
  }
  if (std::regex_match(type, match, std::regex("number, at least (\\d+)"))) {
    return {{match[1].str(), match[1].str() + ".5"}, {"-0.5", "zzz", ".nan", ".inf"}};
  }
  if (type == "boolean") return {{"true", "false"}, {"zzz", "2", "[true]"}};
  if (type == "name") return {{"a.b-c_1"}, {"../a", "a b", ".a", "-a", "[a]"}};
  if (type == "text") return {{"a b", "'1'"}, {"[a]", "{a: b}"}};
  if (type.find("{layer}") != std::string::npos) return {{"'m-{layer}.npz'"}, {"m.npz", "'{layer}{layer}'", "[a]"}};
  if (type.starts_with("path")) return {{"folder/file"}, {"[a]", "{a: b}"}};
  if (type.starts_with("map")) return {{}, {"zzz", "[a]"}};
  if (type.starts_with("list of integers")) return {{"[0]", "[0, 3]"}, {"zzz", "[a]", "[-1]", "{a: b}"}};
  if (type.starts_with("list")) return {{}, {"zzz", "{a: b}"}};
  return {};
}

TEST(ConfigReference, SaysWhatEachKeyOfAnExperimentTakes) {
  const test::TemporaryFolder folder;
  for (const auto& map : config_maps()) {
    for (const auto& cells : rows_of(map.heading)) {
      const auto& key = cells[0];
      const auto& type = cells[1];
      const auto is_refused = [&](const std::string& value) {
        auto text = map.text;
        const std::string beside = key == "completions" ? ", format: zsre" : "";  // it has them alone
        text.replace(text.find("zzz: 1"), 6, key + ": " + value + beside);
        const auto problems = test::message_of<ConfigError>(
            [&] { load_experiment_config(folder.write("x.yaml", text), editing::catalogue()); });
        return std::regex_search(problems, std::regex("\\b" + key + "(\\[\\d+\\])?: (?!is missing)"));
      };
      const auto values = values_of(type);
      const bool has_words_alone = type == "method" || type == "model" || type == "integer, or map";
      EXPECT_TRUE(has_words_alone || !values.wrong.empty()) << key << ": no value is known for \"" << type << '"';
      for (const auto& value : values.right)
        EXPECT_FALSE(is_refused(value)) << map.heading << "." << key << ": " << value;
      for (const auto& value : values.wrong)
        EXPECT_TRUE(is_refused(value)) << map.heading << "." << key << ": " << value;
    }
  }
}

/// As the document writes a value of the resolved config.
std::string written(const nlohmann::json& value, const std::string& key) {
  const std::map<std::string, std::string> words{
      {"reducers", "auto"}, {"scores_every", "end"}, {"stop_at_collapse", "never"}};
  if (value.is_null()) return words.contains(key) ? words.at(key) : "none";
  if (value.is_string()) return value.get<std::string>().empty() ? "none" : value.get<std::string>();
  return value.is_number() ? shortest(value.get<double>()) : value.dump();
}

TEST(ConfigReference, HasAnExperimentsDefaults) {
  const test::TemporaryFolder folder;
  const auto load = [&](const std::string& tasks) {
    const auto file = folder.write("x.yaml", kDataset + kModels + kGrid + tasks);
    return nlohmann::json::parse(to_json(load_experiment_config(file, editing::catalogue())));
  };
  const auto bare = load("");
  const auto with_task = load("tasks: [{" + kTask + "}]\n");
  // What a default is made from, or needs words: nothing else may leave a value out.
  const std::set<std::string> in_words{"name", "second_moments", "corpus", "npz", "title"};
  for (const auto& map : config_maps()) {
    if (map.resolved == "none") continue;
    const auto& resolved = map.heading == "tasks" ? with_task : bare;
    if (!resolved.contains(nlohmann::json::json_pointer(map.resolved))) continue;
    const auto& values = resolved.at(nlohmann::json::json_pointer(map.resolved));
    for (const auto& cells : rows_of(map.heading)) {
      if (cells[2] == "required" || in_words.contains(cells[0])) continue;
      ASSERT_TRUE(values.contains(cells[0])) << map.heading << "." << cells[0];
      EXPECT_EQ(value_of(cells[2]), written(values.at(cells[0]), cells[0])) << map.heading << "." << cells[0];
    }
  }
}

}  // namespace
}  // namespace lethe::core
