#include "worker/mend_editors.h"

#include <algorithm>

#include "core/error.h"
#include "model/pytorch_checkpoint.h"
#include "worker/host_copies.h"

namespace lethe::worker {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPublishedExtension = ".pt";

/// The tensors that have fp64 forms in files.
bool is_statistic(const std::string& name) {
  return name.ends_with(".mean") || name.ends_with(".squares") || name.ends_with(".count");
}

editing::EditorForm form_from(const std::map<std::string, std::string>& texts, const std::string& place) {
  const auto is = [&](const std::string& name, const std::string& yes, const std::string& no) {
    const auto found = texts.find(name);
    if (found == texts.end() || (found->second != yes && found->second != no)) {
      throw core::DataError(place + ": /form@" + name + ": expected \"" + yes + "\" or \"" + no +
                            "\"; the file is damaged or was not written by lethe");
    }
    return found->second == yes;
  };
  return {is("input_normalization", "running", "none") ? editing::InputNormalization::kRunning
                                                       : editing::InputNormalization::kNone,
          is("last_bias", "true", "false"),
          is("update_sign", "plus", "minus") ? editing::UpdateSign::kPlus : editing::UpdateSign::kMinus};
}

editing::MendEditor read_own(const ledger::CommittedFile& file, const storage::FileLabel& label,
                             const core::MethodConfig& method, const model::Network& start) {
  try {
    const auto contents = storage::read_mend_editor(file, label);
    return editor_of(contents.tensors, contents.statistics, contents.form, method, start, file.path.string());
  } catch (const core::StorageError& error) {
    throw core::DataError(std::string(error.what()) +
                          "; restore the editor's file, or leave `editor:` out to have one trained");
  }
}

/// A published file holds editors of the form that the published program trains.
editing::MendEditor read_published(const fs::path& path, const core::MethodConfig& method,
                                   const model::Network& start) {
  const auto tensors = editing::tensors_of_published(model::read_pytorch_checkpoint(path), path.string());
  return editing::editor_from_tensors(tensors, editing::EditorForm{}, method, start.architecture(), path.string(),
                                      start.device(), start.dtype());
}

editing::MendEditor read_named(const fs::path& path, const std::string& weights, const core::MethodConfig& method,
                               const model::Network& start) {
  if (!fs::exists(path)) {
    throw core::DataError(path.string() + ": the editor is not there; leave `editor:` out to have one trained");
  }
  if (path.extension() == kPublishedExtension) return read_published(path, method, start);
  const auto file = ledger::parse_committed(path);
  if (!file) {
    throw core::DataError(path.string() +
                          ": is no name of an editor's file: expected the name that `lethe train-mend` gave it "
                          "(<name>-<32 hexadecimal digits>.h5), because the digits are checked, or a published *.pt");
  }
  return read_own(*file, storage::named_editor_label(weights), method, start);
}

editing::MendEditor read_trained(Workspace& workspace, const std::string& model, const core::MethodConfig& method,
                                 const model::Network& start) {
  const auto folder = workspace.prerequisite_folder(editing::kEditorKind, model);
  const auto found = ledger::find_committed(folder, ledger::kEditorStem);
  if (!found) {
    throw core::DataError(folder.string() + ": the editor of " + model +
                          " is not trained yet; run `lethe train-mend` or the sweep");
  }
  const auto identity = workspace.facts().prerequisite(editing::kEditorKind, model).identity();
  return read_own(*found, storage::mend_editor_label(model, identity, weights_digest(workspace, model)), method, start);
}

}  // namespace

const std::string& weights_digest(Workspace& workspace, const std::string& model) {
  const auto& cells = workspace.facts().cells;
  const auto found =
      std::ranges::find_if(cells, [&](const core::CellFacts& facts) { return facts.cell.model == model; });
  if (found == cells.end()) throw core::ConfigError("no cell of this experiment edits " + model);
  return found->edit_identity_fields.at("weights");
}

storage::NamedTensors trained_tensors(const editing::MendEditor& editor) {
  storage::NamedTensors tensors;
  for (const auto& [name, tensor] : editor.trained()) tensors.emplace(name, to_host(tensor));
  return tensors;
}

storage::NamedDoubles statistics_of(const editing::MendEditor& editor) {
  storage::NamedDoubles statistics;
  for (const auto& [name, tensor] : editing::tensors_of(editor)) {
    if (is_statistic(name)) statistics.emplace(name, to_host_doubles(tensor));
  }
  return statistics;
}

std::map<std::string, std::string> form_texts(const editing::EditorForm& form) {
  return {{"input_normalization", form.normalization == editing::InputNormalization::kRunning ? "running" : "none"},
          {"last_bias", form.last_bias ? "true" : "false"},
          {"update_sign", form.sign == editing::UpdateSign::kPlus ? "plus" : "minus"}};
}

editing::MendEditor editor_of(const storage::NamedTensors& tensors, const storage::NamedDoubles& statistics,
                              const std::map<std::string, std::string>& form, const core::MethodConfig& method,
                              const model::Network& start, const std::string& place) {
  std::map<std::string, torch::Tensor> all;
  for (const auto& [name, tensor] : tensors) all.emplace(name, to_torch(tensor, torch::kCPU));
  for (const auto& [name, tensor] : statistics) all.emplace(name, to_torch(tensor));
  return editing::editor_from_tensors(all, form_from(form, place), method, start.architecture(), place, start.device(),
                                      start.dtype());
}

std::shared_ptr<const editing::Artifact> load_editor(Workspace& workspace, const core::GridCell& cell,
                                                     const core::ArtifactUse& use, const model::Network& start) {
  const auto& method = workspace.config().method_of(cell);
  return std::make_shared<const editing::ArtifactOf<editing::MendEditor>>(
      use.file ? read_named(*use.file, weights_digest(workspace, cell.model), method, start)
               : read_trained(workspace, cell.model, method, start));
}

}  // namespace lethe::worker
