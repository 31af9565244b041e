// The program that holds the model: Torch and HDF5, no MPI. `lethe` hands over the verbs that need a model or
// HDF5 by exec, and supervises `lethe-executor serve` during a sweep; users only type `lethe`.

#include <csignal>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string_view>

#include <CLI/CLI.hpp>

#include "app/executor_verbs.h"
#include "app/unknown_verb.h"
#include "core/error.h"
#include "core/exit_code.h"
#include "core/fault.h"
#include "core/log.h"
#include "core/stop_signals.h"
#include "worker/commands/terminal_monitor.h"
#include "worker/workspace.h"

namespace {

int run(int argc, char** argv) {
  CLI::App app{"lethe-executor: the part of lethe that holds the model"};
  app.name("lethe");  // what users type, in usage lines
  app.require_subcommand(1);
  int status = 0;
  lethe::app::add_executor_verbs(app, status);
  if (const auto problem = lethe::app::unknown_verb(app, argc, argv)) throw lethe::core::ConfigError(*problem);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : lethe::core::kExitConfigError;
  }
  if (const int signal = lethe::worker::first_stop_signal(); signal != 0 && status == lethe::core::kExitStopped) {
    std::cerr << lethe::core::stop_text(signal) << "\n";
  }
  return status;
}

/// Those that a rank stands behind, which tells them to stop in its own way.
bool is_supervised(std::string_view verb) { return verb == "serve" || verb == "inspect"; }

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error to be handled, not a death
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (!is_supervised(verb)) lethe::worker::heed_stop_signals();
  lethe::worker::keep_freed_memory();
  try {
    lethe::core::arm_faults_from_environment();
    lethe::core::init_logging("executor", 0);
    return run(argc, argv);
  } catch (const lethe::core::ConfigError& error) {
    lethe::core::log_error(error.what());
    return lethe::core::kExitConfigError;
  } catch (const lethe::core::OwnedError& error) {
    lethe::core::log_error(error.what());
    return lethe::core::kExitOwned;
  } catch (const std::exception& error) {
    lethe::core::log_error(error.what());
    // A sweep may ask again.
    return verb == "inspect" ? lethe::core::exit_code_of(error) : lethe::core::kExitFailed;
  }
}
