// The program that users type: planning, the MPI coordinator and the supervisors; neither Torch nor HDF5. Verbs that
// need a model or HDF5 are handed over to `lethe-executor`, as git does.

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/cancel_verb.h"
#include "app/disabling_verb.h"
#include "app/shared_verbs.h"
#include "app/status_verb.h"
#include "app/unknown_verb.h"
#include "comm/mpi_environment.h"
#include "core/build_info.h"
#include "core/error.h"
#include "core/exit_code.h"
#include "core/fault.h"
#include "core/log.h"
#include "core/stop_signals.h"
#include "editing/methods/catalogue.h"
#include "orchestrator/inspect_config.h"
#include "orchestrator/plan.h"
#include "orchestrator/sweep.h"

namespace {

namespace fs = std::filesystem;
using namespace lethe;

/// Becomes `lethe-executor` with the same arguments; returns only if that fails.
int hand_over(char** argv) {
  auto path = orchestrator::executor_path().string();
  argv[0] = path.data();
  core::hold_stop_signals();  // while its libraries are loaded
  ::execv(path.c_str(), argv);
  std::cerr << path << ": " << std::strerror(errno) << "\n";
  return core::kExitFailed;
}

std::string build_name() {
  return std::string(core::version()) + " " + std::string(core::git_sha()) + (core::is_dirty() ? " modified" : "");
}

/// For `lethe --version`: what results may depend on.
std::string build_and_libraries() {
  auto text = build_name();
  for (const auto& library : core::library_versions()) {
    text += "\n" + std::string(library.name) + " " + std::string(library.version);
  }
  return text + "\ncuda " + (core::has_cuda() ? "yes" : "no");
}

/// What `lethe doctor` says of this program, in the layout of the rest.
std::string doctor_lines() {
  const auto line = [](std::string subject, const std::string& text) {
    subject.resize(16, ' ');
    return subject + text + "\n";
  };
  return line("lethe", build_name()) + line("MPI", comm::mpi_library());
}

struct Options {
  std::string config;
  std::string out;
  std::string gpu;
  int num_ranks = 1;
  bool resources_only = false;

  [[nodiscard]] std::optional<fs::path> out_path() const {
    return out.empty() ? std::nullopt : std::optional(fs::absolute(out));
  }
};

void add_plan(CLI::App& app, Options& options) {
  auto* verb = app.add_subcommand("plan", "check a config and its inputs, and say what the sweep costs (dry run)");
  verb->add_option("config", options.config, "experiment YAML")->required();
  verb->add_option("--out", options.out, "sweep folder (default runs/<config name>)");
  verb->add_option("--ranks", options.num_ranks, "number of executors to plan for")->check(CLI::PositiveNumber);
  verb->add_option("--gpu", options.gpu,
                   "plan for this kind of GPU, whatever is here: what fits, how long (docs/capacity.md)");
  verb->add_flag("--resources", options.resources_only,
                 "for batch scripts: the folder, an executor's needs and the cells as key=value lines (docs/slurm.md)");
  // What it once asked for is so without it; scripts that give it go on.
  verb->add_flag_callback(
      "--strict", [] {}, "the exit status is 2 if the sweep is not ready, with or without this");
}

void add_sweep(CLI::App& app, Options& options) {
  auto* verb = app.add_subcommand("sweep", "run or resume a sweep, under mpirun or srun, or alone");
  verb->add_option("config", options.config, "experiment YAML")->required();
  verb->add_option("--out", options.out, "sweep folder (default runs/<config name>)");
  verb->add_option("--ranks", options.num_ranks, "without MPI: number of executors of this one process")
      ->check(CLI::Range(1, 1024));
  verb->footer(
      "Exit status: 0 complete, 1 some cells failed, 2 config or inputs are wrong, 75 stopped before the end,\n"
      "69 another process works in the folder (nothing was touched).\n"
      "The folder's STATE says the same: COMPLETE, POISONED, CONFIG_ERROR, INCOMPLETE.");
}

int run_verb(const CLI::App& program, const Options& options, const app::StatusOptions& status,
             const app::CancelArguments& cancel) {
  if (program.got_subcommand("status")) return app::run_status(status);
  if (program.got_subcommand("cancel")) return app::run_cancel(cancel);
  const auto executor = orchestrator::executor_path();
  orchestrator::Zygote zygote;  // before MPI and before any thread
  if (program.got_subcommand("plan")) {
    return orchestrator::run_plan({editing::catalogue(), options.config, options.out_path(), options.num_ranks,
                                   executor, options.gpu, options.resources_only},
                                  zygote, std::cout);
  }
  if (options.num_ranks > 1) orchestrator::refuse_ranks_under_mpi();
  return orchestrator::run_sweep(
      {editing::catalogue(), options.config, options.out_path(), options.num_ranks, executor, build_name()}, zygote);
}

int run(int argc, char** argv) {
  CLI::App program{"lethe: what sequential model editing does to a language model"};
  program.set_version_flag("--version", build_and_libraries());
  program.require_subcommand(1);
  Options options;
  app::StatusOptions status;
  add_plan(program, options);
  add_sweep(program, options);
  app::add_status(program, status);
  app::CancelArguments cancel;
  app::add_cancel(program, cancel);
  for (const auto& [verb, description] : app::kSharedVerbs) {
    program.add_subcommand(verb, description)->prefix_command()->set_help_flag();
  }
  if (const auto problem = app::unknown_verb(program, argc, argv)) throw core::ConfigError(*problem);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : core::kExitConfigError;
  }
  return run_verb(program, options, status, cancel);
}

bool is_handed_over(std::string_view verb) {
  return std::ranges::any_of(app::kSharedVerbs, [&](const app::SharedVerb& one) { return one.name == verb; });
}

}  // namespace

int main(int argc, char** argv) {
  try {
    core::arm_faults_from_environment();
    core::init_logging("lethe", comm::rank_from_environment());
    if (app::is_disabling(argc, argv)) return app::run_disabling(argc, argv, build_name());
    if (argc > 1 && is_handed_over(argv[1])) {
      // Only this program knows MPI.
      if (argv[1] == std::string_view("doctor")) std::cout << doctor_lines() << std::flush;
      return hand_over(argv);
    }
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << core::last_words(error) << "\n";
    return core::exit_code_of(error);
  }
}
