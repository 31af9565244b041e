#include "worker/commands/export_model.h"

#include <fstream>
#include <map>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file_text.h"
#include "core/strict_json.h"
#include "model/tokenizer/tokenizer.h"
#include "model/weights.h"
#include "worker/cell_replay.h"
#include "worker/commands/folder_in_the_making.h"
#include "worker/commands/result_model.h"

namespace lethe::worker::inline commands {
namespace {

namespace fs = std::filesystem;

/// config.json says what the weights of an export are: fp32, and a class more where the network has one.
void adapt_config(const fs::path& file, std::int64_t vocab_size) {
  auto config = core::strict_ordered_json(core::text_of_file(file));  // the model was read from it
  config["vocab_size"] = vocab_size;
  const bool has_type = config.contains("dtype") || config.contains("torch_dtype");
  for (const char* key : {"dtype", "torch_dtype"}) {  // of transformers 5, and of those before
    if (config.contains(key) || !has_type) config[key] = "float32";
  }
  std::ofstream out(file);
  out << config.dump(2) << "\n";
  out.close();
  if (!out) throw core::StorageError(file.string() + ": cannot be written");
}

/// What was read of the base model, and what transformers reads beside it.
void copy_texts(const fs::path& base, const fs::path& target) {
  auto names = model::Tokenizer::from_folder(base).files();
  for (const char* name : {"config.json", "generation_config.json", "chat_template.jinja", "LICENSE", "LICENSE.txt"}) {
    if (fs::exists(base / name)) names.emplace_back(name);
  }
  for (const auto& name : names) fs::copy_file(base / name, target / name);
  // transformers knows OpenAI's files under its own names only.
  const auto alias = [&](const char* theirs, const char* own) {
    if (fs::exists(target / theirs) && !fs::exists(target / own)) fs::copy_file(base / theirs, target / own);
  };
  alias("encoder.json", "vocab.json");
  alias("vocab.bpe", "merges.txt");
}

}  // namespace

model::Network network_at(Workspace& workspace, const core::GridCell& cell, std::int64_t edits) {
  if (!workspace.config().edits.contains(cell)) {
    throw core::ConfigError(workspace.folder().experiment().string() + ": has no cell " + cell.name());
  }
  const auto loaded = checked_model(workspace, cell);
  if (edits == 0) return workspace.starting_network(cell);
  CellReplay replay(workspace, cell, loaded);
  replay.move_to(edits);
  return replay.network();
}

void export_model(const model::Network& network, const fs::path& base_folder, const fs::path& target) {
  FolderInTheMaking folder(target);
  copy_texts(base_folder, folder.path());
  adapt_config(folder.path() / "config.json", network.architecture().vocab_size);
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& [name, value] : network.base()->all_held()) tensors.emplace(name, network.parameter(name));
  model::save_safetensors(folder.path() / "model.safetensors", network.architecture(), tensors);
  folder.publish();
}

}  // namespace lethe::worker::inline commands
