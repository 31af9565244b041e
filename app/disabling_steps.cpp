#include "app/disabling_steps.h"

#include <iostream>
#include <memory>

#include "app/disabling_options.h"
#include "core/config/experiment_config.h"
#include "core/error.h"
#include "editing/methods/catalogue.h"
#include "report/disabling.h"
#include "report/disabling_experiment.h"

namespace lethe::app {
namespace {

report::DisablingOptions options_of(const DisablingArguments& arguments) {
  report::DisablingOptions options;
  if (!arguments.out.empty()) options.out = arguments.out;
  if (!arguments.sweep.empty()) options.sweep = arguments.sweep;
  options.cases = arguments.cases;
  options.num_largest = arguments.num_largest;
  options.methods = arguments.methods;
  options.models = arguments.models;
  options.num_normal = arguments.num_normal;
  if (arguments.seed >= 0) options.seed = static_cast<std::uint64_t>(arguments.seed);
  return options;
}

void run_step(const DisablingArguments& arguments, int& status) {
  const auto& methods = editing::catalogue();
  if (arguments.step == kPrepareStep) {
    const auto config = core::load_experiment_config(arguments.config, methods);
    const auto folder = report::prepare_single_edits(config, options_of(arguments), methods);
    std::cout << (folder / report::kConfigFile).string() << std::flush;
  } else if (arguments.step == kReportStep) {
    status = report::report_single_edits(arguments.out, methods);
  } else {
    throw core::ConfigError("lethe-executor runs a step of `lethe diagnose disabling`; type that");
  }
}

}  // namespace

void add_disabling_steps(CLI::App& diagnose, int& status) {
  const auto arguments = std::make_shared<DisablingArguments>();
  add_disabling(diagnose, *arguments)->callback([arguments, &status] { run_step(*arguments, status); });
}

}  // namespace lethe::app
