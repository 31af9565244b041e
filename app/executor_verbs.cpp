#include "app/executor_verbs.h"

#include <algorithm>
#include <iostream>
#include <memory>

#include "app/dataset_verbs.h"
#include "app/doctor_verb.h"
#include "app/edit_verb.h"
#include "app/report_verb.h"
#include "app/shared_verbs.h"
#include "core/error.h"
#include "core/exit_code.h"
#include "core/log.h"
#include "core/random_stream.h"
#include "editing/mend/mend_config.h"
#include "editing/methods/catalogue.h"
#include "model/generate.h"
#include "worker/commands/cell_command.h"
#include "worker/commands/export_model.h"
#include "worker/commands/owned_work.h"
#include "worker/commands/terminal_monitor.h"
#include "worker/commands/verify.h"
#include "worker/moments_notes.h"
#include "worker/planning/device.h"
#include "worker/planning/prerequisite_kinds.h"
#include "worker/prerequisites.h"
#include "worker/serve.h"
#include "worker/workspace.h"

namespace lethe::app {
namespace {

namespace fs = std::filesystem;

/// `option` is FOLDER, of the model `name`, or NAME=FOLDER. Without a name, FOLDER is that of the only model.
void move_model(core::ExperimentConfig& config, const std::string& option, std::string name) {
  const auto equals = option.find('=');
  const auto is_named = [&](const core::ModelConfig& model) { return model.name == option.substr(0, equals); };
  auto folder = option;
  if (equals != std::string::npos && std::ranges::any_of(config.models, is_named)) {
    name = option.substr(0, equals);
    folder = option.substr(equals + 1);
  }
  if (name.empty() && config.models.size() == 1) name = config.models.front().name;
  const auto found = std::ranges::find(config.models, name, &core::ModelConfig::name);
  if (found == config.models.end()) {
    throw core::ConfigError("--model " + option + ": the sweep has " + std::to_string(config.models.size()) +
                            " models; say which one has moved: --model NAME=FOLDER");
  }
  found->path = fs::absolute(folder);
}

/// To look at the results in a sweep's folder. `moved`: where models are now; those without a name are of `cell`.
worker::Workspace results_of_sweep(const std::string& out, const std::vector<std::string>& moved,
                                   const std::string& cell = "") {
  const ledger::SweepFolder folder(fs::absolute(out));
  auto config = core::read_experiment_config(folder.experiment(), editing::catalogue());
  for (const auto& option : moved) {
    move_model(config, option, cell.empty() ? std::string() : core::GridCell::from_name(cell).model);
  }
  worker::configure_numerics(config);
  return {std::move(config), folder.root(), worker::Purpose::kResults};
}

/// Options of all verbs; CLI11 binds to them by address.
struct Options {
  std::string config, out, experiment, cell, to, model, prompt;
  std::vector<std::string> sweeps, models;
  bool is_comparison = false;
  bool digests_only = false;
  bool is_dry_run = false;
  bool is_elsewhere = false;
  std::int64_t edits = -1;
  int tokens = 50;
  int top_k = 1;
  std::uint64_t seed = 0;
};

void add_cell(CLI::App& app, const std::shared_ptr<Options>& options, int& status) {
  auto* verb = app.add_subcommand("cell", description_of("cell"));
  verb->add_option("config", options->config, "experiment YAML")->required();
  verb->add_option("--cell", options->cell, "<method>/<model>/sample<k>")->required();
  verb->add_option("--out", options->out, "sweep folder (default runs/<config name>)");
  verb->callback([options, &status] {
    auto workspace = workspace_of_config(options->config, options->out);
    const auto cell = core::GridCell::from_name(options->cell);
    if (!workspace.config().edits.contains(cell)) {
      throw core::ConfigError(options->config + ": has no cell " + options->cell + "; `lethe plan` lists its cells");
    }
    worker::TerminalMonitor monitor;
    status = worker::run_cell(workspace, cell, monitor) ? 0 : core::kExitStopped;
  });
}

/// Makes the prerequisites of a kind, of the models wanted or of all, and prints where each is. Returns how many the
/// config has, and stops with the first that is told to stop.
int make_prerequisites(const Options& options, const std::string& kind, int& status) {
  auto workspace = workspace_of_config(options.config, options.out);
  worker::TerminalMonitor monitor;
  int num_made = 0;
  for (const auto& facts : workspace.facts().prerequisites) {
    const auto& wanted = options.models;
    if (!wanted.empty() && std::ranges::find(wanted, facts.model) == wanted.end()) continue;
    if (facts.kind != kind) continue;
    ++num_made;
    if (!worker::run_own_prerequisite(workspace, {facts.kind, facts.model}, monitor)) {
      status = core::kExitStopped;
      break;
    }
    std::cout << (workspace.folder().root() / facts.folder).string() << "\n";
    if (kind != worker::kMomentsKind) continue;
    for (const auto& note : worker::moments_notes(workspace, facts.model)) core::log_info(note);
  }
  return num_made;
}

void add_stats(CLI::App& app, const std::shared_ptr<Options>& options, int& status) {
  auto* verb = app.add_subcommand("stats", description_of("stats"));
  verb->add_option("config", options->config, "experiment YAML")->required();
  verb->add_option("--model", options->models, "only these models");
  verb->add_option("--out", options->out, "sweep folder (default runs/<config name>)");
  verb->callback([options, &status] { make_prerequisites(*options, worker::kMomentsKind, status); });
}

void add_train_mend(CLI::App& app, const std::shared_ptr<Options>& options, int& status) {
  auto* verb = app.add_subcommand("train-mend", description_of("train-mend"));
  verb->add_option("config", options->config, "experiment YAML")->required();
  verb->add_option("--model", options->models, "only these models");
  verb->add_option("--out", options->out, "sweep folder (default runs/<config name>)");
  verb->footer("A model is trained whose mend has training: {records: FILE}, also where it names an editor.");
  verb->callback([options, &status] {
    if (make_prerequisites(*options, editing::kEditorKind, status) > 0) return;
    throw core::ConfigError(options->config +
                            ": has no editor to train: expected a model of its cells with mend and "
                            "training: {records: FILE}");
  });
}

std::string verdict_on(const worker::Verification& result, const Options& options) {
  if (!result.problems.empty()) return std::to_string(result.problems.size()) + " problem(s)";
  if (result.is_stopped) return "no problem before it was stopped";
  if (options.is_comparison) return "the same results";
  if (result.num_files == 0) return "nothing is committed";
  if (options.digests_only) return "all files are whole (contents and models were not looked at)";
  return result.not_checked.empty() ? "all sound" : "all sound but for what was not checked";
}

int print_verification(const worker::Verification& result, const Options& options) {
  for (const auto& problem : result.problems) std::cout << "  " << problem << "\n";
  for (const auto& text : result.not_checked) std::cout << "  not checked: " << text << "\n";
  for (const auto& text : result.remarks) std::cout << "  note: " << text << "\n";
  std::cout << (options.is_comparison ? "compared " : "checked ") << result.num_files << " files, " << result.num_cells
            << " cells: " << verdict_on(result, options) << "\n";
  if (!result.problems.empty()) return core::kExitFailed;
  return result.is_stopped ? core::kExitStopped : core::kExitDone;
}

void add_verify(CLI::App& app, const std::shared_ptr<Options>& options, int& status) {
  auto* verb = app.add_subcommand("verify", description_of("verify"));
  verb->add_flag("--same", options->is_comparison, "do the two sweeps hold the same results?");
  verb->add_flag("--digests", options->digests_only, "the quick check: files and their digests; needs no model");
  verb->add_option("--model", options->models, "where a model has moved: FOLDER, or NAME=FOLDER of several");
  verb->add_option("sweeps", options->sweeps, "one sweep folder; two with --same")->required()->expected(1, 2);
  verb->callback([options, &status] {
    const std::size_t expected = options->is_comparison ? 2 : 1;
    if (options->sweeps.size() != expected) {
      throw core::ConfigError("verify takes one folder, verify --same two; see `lethe verify --help`");
    }
    worker::TerminalMonitor monitor;
    if (options->is_comparison) {
      status = print_verification(worker::compare_sweeps(options->sweeps[0], options->sweeps[1], monitor), *options);
      return;
    }
    auto workspace = results_of_sweep(options->sweeps[0], options->models);
    const auto thoroughness = options->digests_only ? worker::Thoroughness::kDigests : worker::Thoroughness::kAll;
    status = print_verification(worker::verify_sweep(workspace, thoroughness, monitor), *options);
  });
}

void add_export(CLI::App& app, const std::shared_ptr<Options>& options) {
  auto* verb = app.add_subcommand("export", description_of("export"));
  verb->add_option("sweep", options->out, "sweep folder")->required();
  verb->add_option("--cell", options->cell, "<method>/<model>/sample<k>")->required();
  verb->add_option("--edits", options->edits, "number of edits (0: unedited)")->required();
  verb->add_option("--to", options->to, "new folder")->required();
  verb->add_option("--model", options->models, "where the cell's model has moved");
  verb->callback([options] {
    auto workspace = results_of_sweep(options->out, options->models, options->cell);
    const auto cell = core::GridCell::from_name(options->cell);
    const auto network = worker::network_at(workspace, cell, options->edits);
    const worker::TerminalMonitor monitor;  // a folder in the making is made, or removed, before anything ends
    worker::export_model(network, workspace.config().model(cell.model).path, options->to);
    std::cout << options->to << "\n";
  });
}

/// The network to speak with: a cell of a sweep at an edit, or a model folder.
struct Speaker {
  model::Network network;
  model::Tokenizer tokenizer;
};

Speaker speaker_of(const Options& options) {
  if (!options.model.empty() && options.out.empty()) {
    return {model::Network(model::load_weights(options.model, torch::kCPU)),
            model::Tokenizer::from_folder(options.model)};
  }
  if (options.out.empty() || options.cell.empty() || options.edits < 0) {
    throw core::ConfigError("generate needs --model FOLDER, or a sweep folder with --cell and --edits");
  }
  std::vector<std::string> moved;
  if (!options.model.empty()) moved.push_back(options.model);
  auto workspace = results_of_sweep(options.out, moved, options.cell);
  const auto cell = core::GridCell::from_name(options.cell);
  return {worker::network_at(workspace, cell, options.edits),
          model::Tokenizer::from_folder(workspace.config().model(cell.model).path)};
}

void add_generate(CLI::App& app, const std::shared_ptr<Options>& options) {
  auto* verb = app.add_subcommand("generate", description_of("generate"));
  verb->add_option("sweep", options->out, "sweep folder");
  verb->add_option("--cell", options->cell, "<method>/<model>/sample<k>");
  verb->add_option("--edits", options->edits, "number of edits (0: unedited)");
  verb->add_option("--model", options->model, "a model folder instead of a sweep, or where the cell's model has moved");
  verb->add_option("--prompt", options->prompt, "text to continue")->required();
  verb->add_option("--tokens", options->tokens, "new tokens")->check(CLI::PositiveNumber);
  verb->add_option("--top-k", options->top_k, "1: greedy")->check(CLI::PositiveNumber);
  verb->add_option("--seed", options->seed, "seed of the draws");
  verb->callback([options] {
    const auto speaker = speaker_of(*options);
    const std::vector<std::vector<model::TokenId>> prompts{speaker.tokenizer.encode_prompt(options->prompt)};
    model::GenerateOptions generate;
    generate.max_total_tokens = static_cast<int>(prompts.front().size()) + options->tokens;
    generate.top_k = options->top_k;
    generate.stop_at_end_of_text = true;
    generate.end_of_text = speaker.tokenizer.end_of_text();
    core::RandomStream random(options->seed, "generate");
    const torch::NoGradGuard no_grad;
    const auto texts = model::generate(speaker.network, prompts, generate, random);
    std::cout << speaker.tokenizer.decode(texts.front(), true) << "\n";
  });
}

void add_inspect(CLI::App& app, const std::shared_ptr<Options>& options) {
  auto* verb = app.add_subcommand("inspect", "facts, identities and problems of a config as JSON (used by lethe)");
  verb->add_option("--config", options->config, "experiment YAML")->required();
  verb->add_option("--out", options->out, "sweep folder");
  verb->add_flag("--dry-run", options->is_dry_run, "write nothing into the sweep folder");
  verb->add_flag("--elsewhere", options->is_elsewhere, "whatever GPU and LibTorch are here, others will be there");
  verb->callback([options] {
    auto workspace = workspace_of_config(options->config, options->out);
    auto inspection = workspace.inspection();
    // A plan may be made where no GPU is, a sweep not be started.
    const auto trouble = worker::device_trouble(workspace.config());
    if (trouble && options->is_elsewhere) std::erase(inspection.problems, trouble->text);
    if (trouble && trouble->is_of_this_machine && !options->is_dry_run) inspection.problems.push_back(trouble->text);
    for (auto& note : worker::prerequisite_notes(workspace)) inspection.notes.push_back(std::move(note));
    std::cout << core::to_json(inspection) << "\n";
    if (!options->out.empty() && !options->is_dry_run) workspace.save_digests();
  });
}

void add_serve(CLI::App& app, const std::shared_ptr<Options>& options, int& status) {
  auto* verb = app.add_subcommand("serve", "take tasks from a supervisor (used by lethe)");
  verb->add_option("--experiment", options->experiment, "resolved config, JSON")->required();
  verb->add_option("--out", options->out, "sweep folder")->required();
  verb->callback([options, &status] {
    constexpr int kCommands = 0;
    constexpr int kEvents = 3;
    try {
      auto config = core::read_experiment_config(options->experiment, editing::catalogue());
      worker::configure_numerics(config);
      worker::Workspace workspace(std::move(config), options->out);
      worker::serve(workspace, kCommands, kEvents);
    } catch (const std::exception& error) {
      worker::tell_departure(error, kEvents);
      status = core::exit_code_of(error);
    }
  });
}

}  // namespace

void add_executor_verbs(CLI::App& app, int& status) {
  const auto options = std::make_shared<Options>();
  add_cell(app, options, status);
  add_edit_verb(app, status);
  add_report_verb(app, status);
  add_verify(app, options, status);
  add_stats(app, options, status);
  add_train_mend(app, options, status);
  add_export(app, options);
  add_generate(app, options);
  add_dataset_verbs(app, status);
  add_doctor(app, status);
  add_inspect(app, options);
  add_serve(app, options, status);
}

}  // namespace lethe::app
