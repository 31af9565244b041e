#include "report/disabling_experiment.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file_text.h"
#include "core/nearest_word.h"
#include "data/counterfact.h"
#include "ledger/commit.h"
#include "ledger/durable_file.h"
#include "ledger/ownership.h"
#include "ledger/sweep_folder.h"
#include "report/disabling_prerequisites.h"

namespace lethe::report {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSuffix = "-disabling";
constexpr std::size_t kLongestName = 100;

fs::path default_sweep(const core::ExperimentConfig& config) { return fs::absolute(fs::path("runs") / config.name); }

/// Where edits are found; nullopt where cases are named alone.
std::optional<fs::path> sweep_of(const core::ExperimentConfig& config, const DisablingOptions& options) {
  if (options.sweep) return fs::absolute(*options.sweep).lexically_normal();
  if (!options.cases.empty() && options.num_largest == 0) return std::nullopt;
  return default_sweep(config);
}

struct SweepHistories {
  std::vector<CellHistory> cells;
  std::vector<std::string> notes;  ///< what readers must know of edits that are chosen among these
};

/// Without a file that cannot be trusted another edit would be found, so nothing may be left out.
SweepHistories histories_of(const fs::path& root, const core::MethodCatalogue& methods) {
  const ledger::SweepFolder folder(root);
  const auto config = core::read_experiment_config(folder.experiment(), methods);
  IdentityChoice choice(core::read_inspection(folder.inspection()));
  SweepHistories histories;
  for (const core::GridCell& cell : config.cells) {
    histories.cells.push_back(load_cell_history(folder, config, cell, choice));
    const auto num_edits = std::ssize(histories.cells.back().records);
    if (num_edits < config.edits.at(cell)) {
      histories.notes.push_back(fmt::format("{}: {} of {} edits are committed; edits are chosen among these",
                                            cell.name(), num_edits, config.edits.at(cell)));
      spdlog::warn(histories.notes.back());
    }
    const auto& lost = histories.cells.back().remarks.left_out;
    if (lost.empty()) continue;
    throw core::ConfigError(
        root.string() + ": " + lost.front() +
        "; `lethe sweep` with its config makes anew what is damaged, or name edits with --cases alone");
  }
  return histories;
}

struct FoundEdits {
  Reasons reasons;
  std::vector<std::string> notes;
};

FoundEdits found_in(const fs::path& sweep, const DisablingOptions& options, const core::MethodCatalogue& methods) {
  try {
    auto histories = histories_of(sweep, methods);
    const bool is_by_norm = options.num_largest > 0;
    FoundEdits found{
        is_by_norm ? found_by_norm(histories.cells, options.num_largest) : found_behind_points(histories.cells),
        std::move(histories.notes)};
    if (!found.reasons.empty() || (!is_by_norm && !options.cases.empty())) return found;
    throw core::ConfigError(
        sweep.string() +
        (is_by_norm ? ": holds no edit with an update norm: none is committed, or its methods state none; run the "
                      "sweep, or name edits with --cases"
                    : ": no cell has a point of catastrophic forgetting (`lethe report` tells them), so that no edit "
                      "stands behind one; take those of the largest updates with --largest K, or name edits with "
                      "--cases"));
  } catch (const core::StorageError& error) {
    throw core::ConfigError(std::string("--sweep: ") + error.what() + ". Without a sweep name edits with --cases");
  }
}

using Records = std::map<std::int64_t, const data::EditRequest*>;

/// Cases of the config's orders that every method can edit, distinct.
std::vector<std::int64_t> pool_of(const core::ExperimentConfig& config,
                                  const std::map<int, std::vector<std::int64_t>>& orders, const Records& records) {
  std::set<int> samples;
  for (const core::GridCell& cell : config.cells) samples.insert(cell.sample);
  std::set<std::int64_t> pool;
  for (const int sample : samples) {
    const auto order = orders.find(sample);
    if (order == orders.end()) continue;
    for (const std::int64_t case_id : order->second) {
      const auto record = records.find(case_id);
      if (record != records.end() && data::can_locate_subject(*record->second)) pool.insert(case_id);
    }
  }
  return {pool.begin(), pool.end()};
}

void refuse_unknown(const Reasons& chosen, const Records& records, const core::DatasetConfig& dataset) {
  for (const auto& [case_id, reason] : chosen) {
    if (records.contains(case_id)) continue;
    throw core::ConfigError(
        fmt::format("{}: has no record of case {} ({}); name cases of this data set with --cases, "
                    "or a sweep over it with --sweep",
                    dataset.records.string(), case_id, reason));
  }
}

/// Names that are asked for, or all; each must be one of `known`.
std::vector<std::string> wanted(const std::vector<std::string>& asked, const std::vector<std::string>& known,
                                const std::string& option, const core::ExperimentConfig& config) {
  for (const std::string& name : asked) {
    if (std::ranges::find(known, name) != known.end()) continue;
    throw core::ConfigError(fmt::format("{} {}: {} has {}{}", option, name, config.source.string(),
                                        core::join_alternatives(known), core::suggestion(name, known)));
  }
  return asked.empty() ? known : asked;
}

/// By what their settings are of, whatever their label is.
std::vector<std::string> default_methods(const core::ExperimentConfig& config) {
  std::map<std::string, std::set<std::string>> labels;
  for (const core::ModelConfig& model : config.models) {
    for (const auto& [label, settings] : model.methods) labels[settings.method()].insert(label);
  }
  std::vector<std::string> methods;
  for (const char* method : kDisablingMethods) {
    const auto found = labels.find(method);
    if (found != labels.end()) methods.insert(methods.end(), found->second.begin(), found->second.end());
  }
  return methods;
}

std::vector<std::string> methods_of(const core::ExperimentConfig& config, const DisablingOptions& options) {
  std::set<std::string> known;
  for (const core::ModelConfig& model : config.models) {
    for (const auto& [label, settings] : model.methods) known.insert(label);
  }
  if (!options.methods.empty()) return wanted(options.methods, {known.begin(), known.end()}, "--method", config);
  auto methods = default_methods(config);
  if (methods.empty()) {
    throw core::ConfigError(config.source.string() +
                            ": no model has settings of rome, r-rome or memit; name methods that it has with --method");
  }
  return methods;
}

int sample_of(std::int64_t case_id) {
  if (case_id <= std::numeric_limits<int>::max()) return static_cast<int>(case_id);
  throw core::ConfigError(fmt::format("case {}: is no sample number, which end at {}; give the record a smaller id",
                                      case_id, std::numeric_limits<int>::max()));
}

std::string orders_text(const Selection& selection) {
  nlohmann::ordered_json orders = nlohmann::ordered_json::object();
  for (const SelectedCase& one : selection.cases) orders[std::to_string(one.case_id)] = {one.case_id};
  return orders.dump(1) + "\n";
}

bool has_text(const fs::path& path, const std::string& text) {
  std::error_code error;
  return fs::exists(path, error) && core::text_of_file(path) == text;
}

std::unique_ptr<ledger::Ownership> own(const ledger::SweepFolder& folder) {
  auto claim = ledger::claim_ownership(folder.owners(), ledger::kSweepKey, ledger::ownership_options());
  if (claim.ownership) return std::move(claim.ownership);
  throw core::OwnedError(folder.root().string() + ": a sweep is running in this folder (" + claim.holder + ")" +
                         ledger::kOwnedRemedy);
}

}  // namespace

fs::path single_edits_folder(const fs::path& sweep) {
  auto folder = fs::absolute(sweep).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  return folder.parent_path() / (folder.filename().string() + kSuffix);
}

fs::path disabling_folder(const core::ExperimentConfig& config, const DisablingOptions& options) {
  if (options.out) return fs::absolute(*options.out);
  return single_edits_folder(sweep_of(config, options).value_or(default_sweep(config)));
}

Selection select_cases(const core::ExperimentConfig& config, const DisablingOptions& options,
                       const core::MethodCatalogue& methods) {
  Reasons chosen;
  std::vector<std::string> notes;
  for (const std::int64_t case_id : std::set(options.cases.begin(), options.cases.end())) {
    add_reason(chosen, case_id, "named");
  }
  if (const auto sweep = sweep_of(config, options)) {
    auto found = found_in(*sweep, options, methods);
    for (const auto& [case_id, reason] : found.reasons) add_reason(chosen, case_id, reason);
    notes = std::move(found.notes);
  }
  try {
    const auto all = data::read_records(config.dataset);
    Records records;
    for (const data::EditRequest& record : all) records.emplace(record.case_id, &record);
    refuse_unknown(chosen, records, config.dataset);
    Selection selection{options.seed.value_or(config.seed), {}, std::move(notes)};
    for (const auto& [case_id, reason] : chosen) {
      selection.cases.push_back({case_id, records.at(case_id)->subject, reason});
    }
    const auto pool = pool_of(config, data::orders_of(config.dataset, all), records);
    const auto normal = draw_normal(pool, chosen, static_cast<std::size_t>(options.num_normal), selection.seed);
    if (std::ssize(normal) < options.num_normal) {
      throw core::ConfigError(
          fmt::format("{}: the orders of its cells hold {} cases beside the chosen ones, fewer than "
                      "--normal {}; ask for fewer, or give the grid more samples",
                      config.source.string(), normal.size(), options.num_normal));
    }
    for (const std::int64_t case_id : normal) selection.cases.push_back({case_id, records.at(case_id)->subject, ""});
    return selection;
  } catch (const core::DataError& error) {
    throw core::ConfigError(error.what());
  }
}

core::ExperimentConfig single_edit_experiment(const core::ExperimentConfig& config, const DisablingOptions& options,
                                              const Selection& selection, const fs::path& folder) {
  std::vector<std::string> names;
  for (const core::ModelConfig& model : config.models) names.push_back(model.name);
  const auto models = wanted(options.models, names, "--model", config);
  auto experiment = config;
  experiment.name = config.name.substr(0, kLongestName - std::string_view(kSuffix).size()) + kSuffix;
  experiment.dataset.samples = folder / kOrdersFile;
  experiment.scores_every = 0;  // right after the one edit says it
  experiment.texts_every = 0;   // no table has them
  experiment.monitor_every = 0;
  experiment.cells.clear();
  experiment.skipped.clear();
  experiment.edits.clear();
  std::erase_if(experiment.models,
                [&](const core::ModelConfig& model) { return std::ranges::find(models, model.name) == models.end(); });
  for (const std::string& method : methods_of(config, options)) {
    for (const core::ModelConfig& model : experiment.models) {
      if (!model.methods.contains(method)) continue;
      for (const SelectedCase& one : selection.cases) {
        experiment.cells.push_back({method, model.name, sample_of(one.case_id)});
        experiment.edits[experiment.cells.back()] = 1;
      }
    }
  }
  if (experiment.cells.empty()) {
    throw core::ConfigError(config.source.string() +
                            ": the models asked for have no settings of the methods asked for");
  }
  return experiment;
}

fs::path prepare_single_edits(const core::ExperimentConfig& config, const DisablingOptions& options,
                              const core::MethodCatalogue& methods) {
  const ledger::SweepFolder folder(disabling_folder(config, options));
  const auto& root = folder.root();
  std::error_code error;
  if (fs::exists(folder.experiment(), error) && !fs::exists(root / kSelectionFile, error)) {
    throw core::ConfigError(root.string() + ": is the folder of another sweep; choose another --out");
  }
  const auto selection = select_cases(config, options, methods);
  const auto experiment = single_edit_experiment(config, options, selection, root);
  const std::map<std::string, std::string> texts{{kSelectionFile, to_json(selection)},
                                                 {kOrdersFile, orders_text(selection)},
                                                 {kConfigFile, core::to_json(experiment)}};
  const auto is_there = [&](const auto& file) { return has_text(root / file.first, file.second); };
  if (std::ranges::all_of(texts, is_there)) return root;
  ledger::make_folder(root);
  const auto ownership = own(folder);
  link_prerequisites(sweep_of(config, options).value_or(default_sweep(config)), root);
  for (const auto& [name, text] : texts) ledger::replace_text(root / name, text);
  return root;
}

}  // namespace lethe::report
