#include "app/disabling_verb.h"

#include <sys/wait.h>

#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/disabling_options.h"
#include "app/shared_verbs.h"
#include "core/error.h"
#include "core/exit_code.h"
#include "editing/methods/catalogue.h"
#include "orchestrator/inspect_config.h"
#include "orchestrator/process/captured_run.h"
#include "orchestrator/sweep.h"

namespace lethe::app {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr const char* kVerb = "diagnose";
constexpr const char* kSubverb = "disabling";

/// What the executor said is thrown as its exit status means it.
[[noreturn]] void throw_refusal(const orchestrator::CapturedRun& run) {
  const int status = WIFEXITED(run.wait_status) ? WEXITSTATUS(run.wait_status) : core::kExitFailed;
  if (status == core::kExitConfigError) throw core::ConfigError(run.errors);
  if (status == core::kExitOwned) throw core::OwnedError(run.errors);
  throw core::CommError("the edits were not chosen: lethe-executor ended with " +
                        orchestrator::describe_exit(run.wait_status) + ": " + run.errors);
}

/// Path of the config of single edits, which the executor writes; nullopt if stopped.
std::optional<fs::path> prepared_config(orchestrator::Zygote& zygote, Words command,
                                        const std::function<bool()>& should_stop) {
  command.insert(command.end(), {"--step", kPrepareStep});
  const auto run = orchestrator::run_captured(zygote, command, should_stop);
  if (run.was_stopped) return std::nullopt;
  if (run.wait_status != 0) throw_refusal(run);
  std::cerr << run.errors;  // what a chosen edit is to be taken with
  return fs::path(run.output);
}

int write_tables(orchestrator::Zygote& zygote, const fs::path& executor, const fs::path& config) {
  const Words command{executor.string(), kVerb,       kSubverb, config.string(),
                      "--step",          kReportStep, "--out",  config.parent_path().string()};
  const auto run = orchestrator::run_captured(zygote, command, [] { return false; });
  std::cout << run.output << std::flush;
  std::cerr << run.errors;
  return WIFEXITED(run.wait_status) ? WEXITSTATUS(run.wait_status) : core::kExitFailed;
}

}  // namespace

bool is_disabling(int argc, const char* const* argv) {
  return argc > 2 && std::string_view(argv[1]) == kVerb && std::string_view(argv[2]) == kSubverb;
}

int run_disabling(int argc, char** argv, const std::string& build) {
  CLI::App program{"lethe: what sequential model editing does to a language model"};
  program.name("lethe");
  DisablingArguments arguments;
  add_disabling(*program.add_subcommand(kVerb, description_of(kVerb)), arguments);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : core::kExitConfigError;
  }
  if (arguments.num_ranks > 1) orchestrator::refuse_ranks_under_mpi();
  const auto executor = orchestrator::executor_path();
  orchestrator::Zygote zygote;  // before MPI and before any thread
  Words command(argv, argv + argc);
  command.front() = executor.string();
  std::optional<fs::path> config;  // of the rank that coordinates
  orchestrator::SweepOptions options{editing::catalogue(), arguments.config, std::nullopt,
                                     arguments.num_ranks,  executor,         build};
  options.prepare = [&](orchestrator::SweepOptions& sweep, const std::function<bool()>& should_stop) {
    config = prepared_config(zygote, command, should_stop);
    if (!config) return false;
    sweep.config = *config;
    sweep.out = config->parent_path();
    return true;
  };
  const int status = orchestrator::run_sweep(options, zygote);
  const bool has_ended = status == core::kExitDone || status == core::kExitFailed;
  if (!config || !has_ended) return status;
  const int table_status = write_tables(zygote, executor, *config);
  return status == core::kExitDone ? table_status : status;
}

}  // namespace lethe::app
