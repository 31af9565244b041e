#include "app/disabling_options.h"

#include <limits>

namespace lethe::app {

CLI::App* add_disabling(CLI::App& diagnose, DisablingArguments& arguments) {
  auto* verb = diagnose.add_subcommand(
      "disabling", "make edits the first ones of fresh models, and say whether one alone disables a model (table 2)");
  const auto range = [](std::int64_t first) { return CLI::Range(first, std::numeric_limits<std::int64_t>::max()); };
  verb->add_option("config", arguments.config, "experiment YAML")->required();
  verb->add_option(
      "--sweep", arguments.sweep,
      "sweep folder; of it the edits behind points of catastrophic forgetting (default runs/<config name>, "
      "unless --cases names edits)");
  verb->add_option("--largest", arguments.num_largest,
                   "of the sweep so many edits of the largest updates instead, for each method and model")
      ->check(CLI::Range(1, 100'000));
  verb->add_option("--cases", arguments.cases, "case ids, separated by commas")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(range(0));
  verb->add_option("--method,--methods", arguments.methods,
                   "only these methods, separated by commas (default: those of rome, r-rome and memit, and variants of "
                   "them, that the config has settings of)")
      ->delimiter(',')
      ->allow_extra_args(false);
  verb->add_option("--model,--models", arguments.models, "only these models, separated by commas")
      ->delimiter(',')
      ->allow_extra_args(false);
  verb->add_option("--normal", arguments.num_normal, "random edits of the config's orders to compare with")
      ->check(CLI::Range(2, 1'000'000))
      ->capture_default_str();
  verb->add_option("--seed", arguments.seed, "of the random edits and of the intervals (default: the config's)")
      ->check(range(0));
  verb->add_option("--out", arguments.out, "folder of the sweep of single edits (default <sweep>-disabling)");
  verb->add_option("--ranks", arguments.num_ranks, "without MPI: number of executors of this one process")
      ->check(CLI::Range(1, 1024));
  verb->add_option("--step", arguments.step, "used by lethe")->group("");
  verb->footer(
      "It runs a sweep of its own, a cell an edit, under mpirun or srun, or alone; started again it goes on, and with\n"
      "more edits it grows. `lethe status`, `verify` and `report` take its folder. The tables are in its report/.\n"
      "Exit status: that of `lethe sweep`.");
  return verb;
}

}  // namespace lethe::app
