#include "app/dataset_verbs.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <set>

#include <nlohmann/json.hpp>

#include "app/disabling_steps.h"
#include "app/shared_verbs.h"
#include "core/error.h"
#include "core/exit_code.h"
#include "data/counterfact.h"
#include "editing/methods/catalogue.h"
#include "worker/commands/carry_over.h"
#include "worker/commands/recall.h"
#include "worker/commands/terminal_monitor.h"

namespace lethe::app {
namespace {

namespace fs = std::filesystem;

/// DatasetOptions of all verbs here; CLI11 binds to them by address.
struct DatasetOptions {
  std::string config, out, model, records;
  std::string format = "counterfact";
  std::vector<std::string> methods, models;
  int sample = -1;
  int num_orders = 10;
  std::uint32_t seed = 37;
  std::int64_t edits = 100;
  std::int64_t failures = 10;
};

void write_orders(const DatasetOptions& options) {
  core::DatasetConfig dataset;
  dataset.format = options.format;
  dataset.records = options.records;
  const auto orders = data::published_orders(data::read_records(dataset), options.num_orders, options.seed);
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const auto& [number, order] : orders) json[std::to_string(number)] = order;
  // Laid out as the published file is, so that the two can be compared byte by byte.
  ledger::replace_text(options.out, json.dump(4));
  std::cout << options.out << ": " << orders.size() << " orders of " << orders.begin()->second.size()
            << " records with different subjects\n";
}

void add_samples(CLI::App& app, const std::shared_ptr<DatasetOptions>& options) {
  auto* verb = app.add_subcommand("samples", description_of("samples"));
  verb->add_option("records", options->records, "the dataset's records")->required();
  verb->add_option("--out", options->out, "JSON file to write")->required();
  verb->add_option("--format", options->format, "counterfact or zsre")->check(CLI::IsMember({"counterfact", "zsre"}));
  verb->add_option("--orders", options->num_orders, "how many (the paper: 10)")->check(CLI::Range(1, 1000));
  verb->add_option("--seed", options->seed, "of Python's random.seed (the paper: 37)");
  verb->callback([options] { write_orders(*options); });
}

template <typename Share>
void print_share(const char* name, const Share& share) {
  std::cout << name << worker::share_text(share) << "\n";
}

void print_recall(const DatasetOptions& options) {
  const torch::NoGradGuard no_grad;
  const model::Network network(model::load_weights(options.model, torch::kCPU));
  const auto tokenizer = model::Tokenizer::from_folder(options.model);
  const auto recall = worker::measure_recall(network, tokenizer, data::read_counterfact(options.records));
  print_share("edit prompts           ", recall.edit);
  print_share("paraphrase prompts     ", recall.paraphrase);
  print_share("neighbourhood prompts  ", recall.neighborhood);
}

bool is_wanted(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

/// One cell for each wanted method and model: of the wanted sample, else the first.
std::vector<core::GridCell> cells_to_ask(const core::ExperimentConfig& config, const DatasetOptions& options) {
  std::vector<core::GridCell> cells;
  std::set<std::pair<std::string, std::string>> seen;
  for (const auto& cell : config.cells) {
    if (!is_wanted(options.methods, cell.method) || !is_wanted(options.models, cell.model)) continue;
    if (options.sample >= 0 && cell.sample != options.sample) continue;
    if (seen.emplace(cell.method, cell.model).second) cells.push_back(cell);
  }
  if (cells.empty()) throw core::ConfigError(options.config + ": has no cell of that method, model and sample");
  return cells;
}

void print_carry_over(const core::GridCell& cell, const worker::CarryOver& result, std::int64_t num_failures,
                      bool is_zsre) {
  std::cout << cell.name() << "\n";
  print_share("  question form, after its edit        ", result.question);
  print_share("  completion form, where that succeeded ", result.completion);
  print_share("  completion form, before any edit     ", result.known_before);
  std::cout << "  does not carry over                  " << worker::percent_text(result.lost_percent())
            << " of successful edits";
  if (result.num_failed > 0) std::cout << " (" << result.num_failed << " edits gave no finite update)";
  std::cout << "\n";
  if (is_zsre) {
    print_share("  zsRE, tokens of rewrite prompts      ", result.rewrite_tokens);
    print_share("  zsRE, tokens of paraphrases          ", result.paraphrase_tokens);
    print_share("  zsRE, tokens of neighbours           ", result.neighborhood_tokens);
  }
  std::cout << "  not named by the completion form     " << worker::lost_text(result, num_failures);
}

void ask_both_forms(const DatasetOptions& options, int& status) {
  auto workspace = workspace_of_config(options.config, options.out);
  worker::TerminalMonitor monitor;
  for (const auto& cell : cells_to_ask(workspace.config(), options)) {
    const auto result = worker::measure_carry_over(workspace, cell, options.edits, monitor);
    print_carry_over(cell, result, options.failures, workspace.config().dataset.format == "zsre");
    if (monitor.should_stop()) {
      status = core::kExitStopped;
      return;
    }
  }
}

void add_diagnose(CLI::App& app, const std::shared_ptr<DatasetOptions>& options, int& status) {
  auto* diagnose = app.add_subcommand("diagnose", description_of("diagnose"));
  diagnose->require_subcommand(1);
  auto* recall = diagnose->add_subcommand("recall", "share of true objects that a model names, by kind of prompt");
  recall->add_option("--model", options->model, "model folder")->required();
  recall->add_option("--records", options->records, "records in CounterFact's schema")->required();
  recall->callback([options] { print_recall(*options); });

  auto* zsre = diagnose->add_subcommand(
      "zsre", "edit facts in question form, one at a time, and ask for them in completion form (appendix A.1)");
  zsre->add_option("config", options->config, "experiment YAML")->required();
  zsre->add_option("--method", options->methods, "only these methods");
  zsre->add_option("--model", options->models, "only these models");
  zsre->add_option("--sample", options->sample, "sample order (default: the config's first)");
  zsre->add_option("--edits", options->edits, "facts to edit, at most the cell's")->check(CLI::PositiveNumber);
  zsre->add_option("--failures", options->failures,
                   "facts to show that the completion form does not name (default 10; 0: none)")
      ->check(CLI::NonNegativeNumber);
  zsre->add_option("--out", options->out, "sweep folder for second moments (default runs/<config name>)");
  zsre->callback([options, &status] { ask_both_forms(*options, status); });

  add_disabling_steps(*diagnose, status);
}

}  // namespace

worker::Workspace workspace_of_config(const std::string& config_path, const std::string& out) {
  auto config = core::load_experiment_config(config_path, editing::catalogue());
  const auto folder = fs::absolute(out.empty() ? fs::path("runs") / config.name : fs::path(out));
  worker::configure_numerics(config);
  return {std::move(config), folder};
}

void add_dataset_verbs(CLI::App& app, int& status) {
  const auto options = std::make_shared<DatasetOptions>();
  add_samples(app, options);
  add_diagnose(app, options, status);
}

}  // namespace lethe::app
