#include "worker/planning/method_checks.h"

#include "core/error.h"
#include "editing/edit_method.h"

namespace lethe::worker::inline planning {

void check_methods(const core::ExperimentConfig& config, const core::ModelConfig& model,
                   const model::Architecture& architecture) {
  for (const auto& [name, method] : model.methods) {
    const auto place = config.source.string() + ": models: " + model.name + ": " + name + ": ";
    const auto layers = method->edited_layers(architecture.num_layers);
    if (!layers.empty() && layers.back() >= architecture.num_layers) {
      throw core::DataError(place + "layer " + std::to_string(layers.back()) + " does not exist; the model has " +
                            "layers 0 to " + std::to_string(architecture.num_layers - 1));
    }
    const auto problem = editing::architecture_problem(method, architecture);
    if (!problem.empty()) throw core::DataError(place + problem);
  }
}

}  // namespace lethe::worker::inline planning
