// What a model's folder says of its network: config.json, and the index of its weight files.
#include "core/error.h"
#include "model/architecture.h"
#include "model/files/weight_names.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/targets.h"

namespace lethe::fuzz {

bool model_folder(std::string_view input) {
  const auto& folder = InputFolder::instance();
  folder.write_sections(input, {"config.json", "model.safetensors.index.json"});
  const auto architecture =
      read_or_refuse<core::ModelError>("config.json", [&] { return model::read_architecture(folder.path()); });
  if (architecture) require(architecture->num_parameters() > 0, "a network has parameters");
  if (sections_of(input).size() < 2) return architecture.has_value();
  const auto names = read_or_refuse<core::ModelError>("model.safetensors.index.json",
                                                      [&] { return model::weight_file_names(folder.path()); });
  for (std::size_t i = 0; names && i < names->size(); ++i) {
    require((*names)[i].find('/') == std::string::npos, "weight files lie in the folder");
  }
  return architecture && names;
}

}  // namespace lethe::fuzz
