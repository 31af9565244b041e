#include "worker/commands/result_model.h"

#include "core/error.h"
#include "core/log.h"

namespace lethe::worker::inline commands {
namespace {

void check(const std::map<std::string, std::string>& fields, const char* what, const core::Digest& found,
           const core::ModelConfig& model) {
  const auto stored = fields.find(what);
  if (stored == fields.end() || stored->second == found.hex()) return;
  throw core::ModelError(model.path.string() + ": holds other " + what + " than those of " + model.name +
                         " that the edits were made on (digest " + found.hex() + ", the cell's identity says " +
                         stored->second + "); name the right folder by --model");
}

}  // namespace

std::shared_ptr<const LoadedModel> checked_model(Workspace& workspace, const core::GridCell& cell) {
  const auto& model = workspace.config().model(cell.model);
  if (!std::filesystem::is_directory(model.path)) {
    throw core::ModelError(model.path.string() + ": model folder of " + model.name +
                           " not found; name its present place by --model FOLDER");
  }
  const auto fields = workspace.results().identity_fields(cell);
  if (fields.empty()) {
    core::log_warning(core::log_field(cell) + " has no identity-<digest>.json: whether " + model.path.string() +
                      " is the model of its edits is seen at the edited weights alone");
  } else {
    const auto& content = *workspace.model_inputs(model.name).content;
    check(fields, "weights", content.weights_digest, model);
    check(fields, "tokenizer", content.tokenizer_digest, model);
  }
  return workspace.model(model.name);
}

}  // namespace lethe::worker::inline commands
