#include "app/status_verb.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <thread>

#include "core/error.h"
#include "editing/methods/catalogue.h"
#include "orchestrator/display/progress_table.h"
#include "orchestrator/display/sweep_status.h"
#include "orchestrator/display/terminal_size.h"

namespace lethe::app {
namespace {

constexpr double kWatchSeconds = 2.0;
constexpr double kMostWatchSeconds = 86'400.0;

double seconds_of(const std::string& text) {
  if (text.empty()) return kWatchSeconds;
  std::istringstream in(text);
  double seconds = 0.0;
  if (!(in >> seconds) || !in.eof() || !(seconds > 0.0) || seconds > kMostWatchSeconds) {
    throw core::ConfigError("--watch " + text + ": expected seconds between two looks, above 0 and at most a day");
  }
  return seconds;
}

/// What fits on the screen: a list of cells that is longer would scroll the head away.
std::string cut_to_screen(const std::string& text) {
  const auto size = orchestrator::terminal_size(false);
  std::istringstream lines(text);
  std::string cut;
  int num_lines = 0;
  for (std::string line; std::getline(lines, line) && num_lines < size.rows - 1; ++num_lines) {
    cut += orchestrator::cut_to(line, size.columns - 1) + "\n";
  }
  return cut;
}

void print(const orchestrator::SweepLook& look, bool is_json, bool is_redrawn) {
  std::ostringstream text;
  if (is_json) {
    orchestrator::print_status_json(look, text);
  } else {
    orchestrator::print_status(look, text);
  }
  constexpr const char* kClear = "\x1b[H\x1b[2J";
  std::cout << (is_redrawn ? kClear + cut_to_screen(text.str()) : text.str()) << std::flush;
}

}  // namespace

void add_status(CLI::App& app, StatusOptions& options) {
  auto* verb = app.add_subcommand("status", "whether a sweep runs, how far it is, what failed; at any time");
  verb->add_option("sweep", options.folder, "sweep folder")->required();
  verb->add_flag("--json", options.is_json, "one JSON object a look, in one line (docs/formats.md)");
  options.watch = verb->add_option("--watch", options.watch_seconds,
                                   "look again every SECONDS (2) until the sweep does not run any more");
  options.watch->expected(0, 1)->type_name("SECONDS");
}

int run_status(const StatusOptions& options) {
  orchestrator::SweepWatch watch(ledger::SweepFolder(std::filesystem::absolute(options.folder)), editing::catalogue());
  const bool is_watching = options.watch->count() > 0;
  const double seconds = seconds_of(options.watch_seconds);
  const bool is_on_screen = ::isatty(STDOUT_FILENO) != 0;
  while (true) {
    const auto look = watch.look();
    const bool is_last = !is_watching || look.is_settled();
    print(look, options.is_json, is_on_screen && !options.is_json && !is_last);
    if (is_last) return 0;
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    if (!is_on_screen && !options.is_json) std::cout << '\n';
  }
}

}  // namespace lethe::app
