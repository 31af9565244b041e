#include "worker/commands/export_model.h"

#include <fstream>
#include <map>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "model/weights.h"
#include "worker/cell_replay.h"
#include "worker/commands/result_model.h"

namespace lethe::worker::inline commands {
namespace {

/// A network with a class more than its folder's config.json says gets a config.json of its own.
void write_vocabulary_size(const std::filesystem::path& file, std::int64_t vocab_size) {
  std::ifstream in(file);
  auto config = nlohmann::ordered_json::parse(in);
  if (config.at("vocab_size") == vocab_size) return;
  config["vocab_size"] = vocab_size;
  std::ofstream(file) << config.dump(2) << "\n";
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

void export_model(const model::Network& network, const std::filesystem::path& base_folder,
                  const std::filesystem::path& target) {
  namespace fs = std::filesystem;
  if (fs::exists(target) && !fs::is_empty(target)) {
    throw core::StorageError(target.string() + ": is not empty; name a new folder");
  }
  fs::create_directories(target);
  for (const char* name : {"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
                           "special_tokens_map.json", "vocab.json", "merges.txt"}) {
    if (fs::exists(base_folder / name)) fs::copy_file(base_folder / name, target / name);
  }
  write_vocabulary_size(target / "config.json", network.architecture().vocab_size);
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& [name, value] : network.base()->tensors()) tensors.emplace(name, network.parameter(name));
  model::save_safetensors(target / "model.safetensors", network.architecture(), tensors);
}

}  // namespace lethe::worker::inline commands
