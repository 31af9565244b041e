// An experiment's YAML with the files that it names: x.yaml, method.yaml, task.yaml; and experiment.json.
#include "core/config/experiment_config.h"
#include "core/error.h"
#include "editing/methods/catalogue.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/targets.h"

namespace lethe::fuzz {

bool experiment_yaml(std::string_view input) {
  const auto& folder = InputFolder::instance();
  folder.write_sections(input, {"x.yaml", "method.yaml", "task.yaml"});
  const auto config = read_or_refuse<core::ConfigError>(
      ".yaml", [&] { return core::load_experiment_config(folder.path() / "x.yaml", editing::catalogue()); });
  if (!config) return false;
  require(core::experiment_config_from_json(core::to_json(*config), editing::catalogue()) == *config,
          "a config comes back from its JSON");
  return true;
}

bool experiment_json(std::string_view input) {
  const auto config = read_or_refuse<core::ConfigError>("experiment.json", [&] {
    return core::experiment_config_from_json(std::string(input), editing::catalogue(), "experiment.json");
  });
  if (!config) return false;
  require(core::experiment_config_from_json(core::to_json(*config), editing::catalogue()) == *config,
          "a config comes back from its JSON");
  return true;
}

}  // namespace lethe::fuzz
