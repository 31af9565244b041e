#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace lethe::app {

/// What `lethe diagnose disabling` takes. `lethe` runs its sweep, `lethe-executor` the step before and the one after
/// it, each with the same arguments.
struct DisablingArguments {
  std::string config, out, sweep;
  std::vector<std::int64_t> cases;
  std::int64_t num_largest = 0;
  std::vector<std::string> methods, models;
  std::int64_t num_normal = 50;
  std::int64_t seed = -1;  ///< -1: the config's
  int num_ranks = 1;
  std::string step;  ///< used by `lethe`: `kPrepareStep` or `kReportStep`
};
/// Chooses the edits, writes the sweep's config, and prints the path of that.
inline constexpr const char* kPrepareStep = "prepare";
/// Writes the tables of the finished sweep in the folder --out.
inline constexpr const char* kReportStep = "report";

/// Adds `disabling` to `diagnose`, with `arguments` bound to it.
CLI::App* add_disabling(CLI::App& diagnose, DisablingArguments& arguments);

}  // namespace lethe::app
