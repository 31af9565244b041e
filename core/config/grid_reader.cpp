#include "core/config/grid_reader.h"

#include <algorithm>
#include <compare>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/config/experiment_problems.h"
#include "core/limits.h"

namespace lethe::core::inline config {
namespace {

constexpr IntegerRange kSampleRange{0, std::numeric_limits<int>::max()};
constexpr IntegerRange kEditsRange{1, kMaxEdits};

struct Axes {
  std::vector<std::string> methods;
  std::vector<std::string> models;
  std::vector<int> samples;
};

/// An include or exclude entry; what it leaves out matches everything.
struct Pattern {
  std::optional<std::string> method;
  std::optional<std::string> model;
  std::optional<int> sample;

  auto operator<=>(const Pattern&) const = default;

  [[nodiscard]] bool matches(const GridCell& cell) const {
    return (!method || *method == cell.method) && (!model || *model == cell.model) &&
           (!sample || *sample == cell.sample);
  }
  [[nodiscard]] std::string text() const {
    std::string fields;
    if (method) fields += "method: " + *method + ", ";
    if (model) fields += "model: " + *model + ", ";
    if (sample) fields += "sample: " + std::to_string(*sample) + ", ";
    fields.resize(fields.size() - 2);
    return std::string("{").append(fields).append("}");
  }
};

std::vector<std::string> read_words(const YamlValue& value, const std::vector<std::string>& words,
                                    const std::string& what) {
  std::vector<std::string> chosen;
  std::set<std::string> known;
  const auto items = value.list("a list of " + what);
  if (!items) return chosen;
  if (items->empty()) value.problem("expected at least one of " + what + ", found an empty list");
  for (const auto& item : *items) {
    const auto word = item.word(words);
    if (!word) continue;
    if (!known.insert(*word).second) {
      item.problem("\"" + *word + "\" is given twice; expected distinct " + what);
    } else {
      chosen.push_back(*word);
    }
  }
  return chosen;
}

std::vector<int> read_samples(const YamlValue& value) {
  std::vector<int> samples;
  std::set<int> known;
  const auto items = value.list("a list of sample numbers such as [0, 1, 2, 3]");
  if (!items) return samples;
  if (items->empty()) value.problem("expected at least one sample number, found an empty list");
  for (const auto& item : *items) {
    const auto number = item.integer(kSampleRange);
    if (!number) continue;
    const auto sample = static_cast<int>(*number);
    if (!known.insert(sample).second) {
      item.problem("sample " + std::to_string(sample) + " is given twice; expected distinct numbers");
    } else {
      samples.push_back(sample);
    }
  }
  return samples;
}

Axes read_axes(YamlMap& map, const std::vector<std::string>& known_methods, const std::vector<std::string>& models) {
  Axes axes;
  if (const auto methods = map.find("methods", Presence::kRequired, "a list of methods")) {
    axes.methods = read_words(*methods, known_methods, "methods");
  }
  axes.models = models;
  if (const auto chosen = map.find("models")) axes.models = read_words(*chosen, models, "models");
  if (const auto samples = map.find("samples", Presence::kRequired, "a list of sample numbers")) {
    axes.samples = read_samples(*samples);
  }
  return axes;
}

std::optional<Pattern> read_pattern(const YamlValue& value, const std::vector<std::string>& methods,
                                    const std::vector<std::string>& models) {
  YamlMap map(value, "a map with method, model or sample");
  Pattern pattern;
  bool is_valid = map.is_map();
  if (const auto method = map.find("method")) {
    pattern.method = method->word(methods);
    is_valid = is_valid && pattern.method;
  }
  if (const auto model = map.find("model")) {
    pattern.model = model->word(models);
    is_valid = is_valid && pattern.model;
  }
  if (const auto sample = map.find("sample")) {
    assign(pattern.sample, sample->integer(kSampleRange));
    is_valid = is_valid && pattern.sample;
  }
  map.finish();
  if (is_valid && !pattern.method && !pattern.model && !pattern.sample) {
    value.problem("expected at least one of method, model and sample, found none");
    return std::nullopt;
  }
  return is_valid ? std::optional(pattern) : std::nullopt;
}

/// The grid while entries change it. An entry with a sample or a model looks at the cells of one of them alone, one
/// with neither is applied once however often it is repeated: the time is that of cells plus entries, not of their
/// product.
class CellTable {
 public:
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

  void add_all(const Axes& axes) {
    for (const auto& method : axes.methods) {
      for (const auto& model : axes.models) {
        for (const auto sample : axes.samples) add({method, model, sample});
      }
    }
  }

  void add(GridCell cell) {
    const auto [found, is_new] = places_.try_emplace(cell, entries_.size());
    if (is_new) {
      by_sample_[cell.sample].push_back(entries_.size());
      by_model_[cell.model].push_back(entries_.size());
      entries_.push_back({std::move(cell), {}, next_order_++});
    } else if (auto& entry = entries_[found->second]; !entry.reason.empty()) {
      entry.reason.clear();
      entry.order = next_order_++;
    }
  }

  /// False if no cell matches, be it one that is excluded already.
  bool exclude(const Pattern& pattern, const std::string& reason) {
    bool is_matched = false;
    const auto visit = [&](Entry& entry) {
      if (!pattern.matches(entry.cell)) return;
      is_matched = true;
      if (!entry.reason.empty()) return;
      entry.reason = reason;
      entry.order = next_order_++;
    };
    const auto [known, is_new] = applied_.try_emplace(pattern, false);
    if (!is_new) return known->second;
    if (const auto* places = fewest_places(pattern)) {
      for (const auto place : *places) visit(entries_[place]);
    } else {
      for (auto& entry : entries_) visit(entry);
    }
    known->second = is_matched;
    return is_matched;
  }

  /// Kept cells in the order of their coming, excluded ones in that of the entries.
  Grid finish() && {
    std::ranges::sort(entries_, {}, &Entry::order);
    Grid grid;
    for (auto& [cell, reason, order] : entries_) {
      if (reason.empty()) {
        grid.cells.push_back(std::move(cell));
      } else {
        grid.skipped.push_back({std::move(cell), std::move(reason)});
      }
    }
    return grid;
  }

 private:
  struct Entry {
    GridCell cell;
    std::string reason;  ///< empty: not excluded
    std::size_t order = 0;
  };
  using Places = std::vector<std::size_t>;
  std::vector<Entry> entries_;
  std::map<GridCell, std::size_t> places_;
  std::map<int, Places> by_sample_;
  std::map<std::string, Places> by_model_;
  std::map<Pattern, bool> applied_;  ///< and whether they matched
  std::size_t next_order_ = 0;

  /// Those of the pattern's sample or model, whichever are fewer; null if it names neither.
  const Places* fewest_places(const Pattern& pattern) {
    const Places* of_sample = pattern.sample ? &by_sample_[*pattern.sample] : nullptr;
    const Places* of_model = pattern.model ? &by_model_[*pattern.model] : nullptr;
    if (of_sample == nullptr || of_model == nullptr) return of_sample != nullptr ? of_sample : of_model;
    return of_sample->size() < of_model->size() ? of_sample : of_model;
  }
};

/// A grid of a megabyte of text could name 1e9 cells: told before they are made. `num_made` are there already.
bool is_too_large(const Axes& axes, std::size_t num_made, const YamlValue& place) {
  const std::int64_t num_cells = std::ssize(axes.methods) * std::ssize(axes.models) * std::ssize(axes.samples);
  if (num_cells + static_cast<std::int64_t>(num_made) <= kMaxCells) return false;
  place.problem("names " + std::to_string(num_cells) + " cells" + (num_made > 0 ? " beside the grid's" : "") +
                "; expected at most " + std::to_string(kMaxCells) + " in all: split the experiment");
  return true;
}

void exclude(const YamlValue& list, const Axes& axes, CellTable& table) {
  const auto items = list.list("a list of {method: ..., model: ..., sample: ...}");
  if (!items) return;
  for (const auto& item : *items) {
    const auto pattern = read_pattern(item, axes.methods, axes.models);
    if (!pattern) continue;
    const auto mark = item.node.Mark();
    const auto reason = "excluded by " + item.file->display + ":" + std::to_string(mark.line + 1) + ":" +
                        std::to_string(mark.column + 1) + " " + pattern->text();
    if (!table.exclude(*pattern, reason)) {
      item.problem("matches no cell of the grid; expected a combination that the grid holds");
    }
  }
}

/// What an `include` entry may name.
struct KnownNames {
  const std::vector<std::string>& methods;
  const std::vector<std::string>& models;
};

void include(const YamlValue& list, const Axes& axes, const KnownNames& known, CellTable& table) {
  const auto items = list.list("a list of {method: ..., model: ..., sample: ...}");
  if (!items) return;
  std::set<Pattern> included;
  for (const auto& item : *items) {
    const auto pattern = read_pattern(item, known.methods, known.models);
    if (!pattern || !included.insert(*pattern).second) continue;
    auto named = axes;
    if (pattern->method) named.methods = {*pattern->method};
    if (pattern->model) named.models = {*pattern->model};
    if (pattern->sample) named.samples = {*pattern->sample};
    if (is_too_large(named, table.size(), item)) return;
    table.add_all(named);
  }
}

/// Edit counts by key of the `edits` map.
std::map<std::string, std::int64_t> read_edit_keys(YamlMap& map, const std::vector<std::string>& methods,
                                                   const std::vector<std::string>& models) {
  std::vector<std::string> keys{kEditsOfOthers};
  for (const auto& method : methods) {
    keys.push_back(method);
    for (const auto& model : models) keys.push_back(method + "/" + model);
  }
  std::map<std::string, std::int64_t> counts;
  for (const auto& key : keys) {
    const auto value = map.find(key);
    if (!value) continue;
    if (const auto count = value->integer(kEditsRange)) counts[key] = *count;
  }
  return counts;
}

}  // namespace

Grid read_grid(const YamlValue& value, const std::vector<std::string>& methods,
               const std::vector<std::string>& models) {
  YamlMap map(value, "a map with methods, models, samples, include and exclude");
  const auto axes = read_axes(map, methods, models);
  CellTable table;
  const bool is_refused = is_too_large(axes, 0, value);
  if (!is_refused) table.add_all(axes);
  const auto excluded = map.find("exclude");
  if (excluded && !is_refused) exclude(*excluded, axes, table);
  if (const auto list = map.find("include")) include(*list, axes, {methods, models}, table);
  map.finish();
  auto grid = std::move(table).finish();
  // An axis that is empty has its problem already, and so has a grid that is too large.
  const bool is_read = !axes.methods.empty() && !axes.models.empty() && !axes.samples.empty() && !is_refused;
  const auto problem = is_read ? cells_problem(grid.cells, grid.skipped) : std::string();
  if (!problem.empty()) value.problem(problem);
  return grid;
}

std::map<GridCell, std::int64_t> read_edits(const YamlValue& value, const std::vector<GridCell>& cells,
                                            const std::vector<std::string>& methods,
                                            const std::vector<std::string>& models) {
  std::map<GridCell, std::int64_t> edits;
  if (!value.node.IsMap()) {
    const auto count = value.integer(kEditsRange);
    for (const auto& cell : cells) edits[cell] = count.value_or(1);
    return edits;
  }
  YamlMap map(value, "");
  const auto counts = read_edit_keys(map, methods, models);
  map.finish();
  for (const auto& cell : cells) {
    const auto known = [&] {
      for (const auto& key : {cell.method + "/" + cell.model, cell.method, std::string(kEditsOfOthers)}) {
        if (const auto found = counts.find(key); found != counts.end()) return found;
      }
      return counts.end();
    }();
    if (known == counts.end()) {
      value.problem("holds no number for " + cell.method + "/" + cell.model + "; expected the key " + cell.method +
                    "/" + cell.model + ", " + cell.method + " or default");
    }
    edits[cell] = known == counts.end() ? 1 : known->second;
  }
  return edits;
}

}  // namespace lethe::core::inline config
