#include "orchestrator/display/known_models.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

namespace lethe::orchestrator::inline display {
namespace {

struct KnownShape {
  const char* name;
  const char* family;
  std::int64_t num_layers, width, vocab_size, max_positions, num_parameters;
};
constexpr std::array kKnown{
    KnownShape{"gpt2", "gpt2", 12, 768, 50257, 1024, 124'439'808},
    KnownShape{"gpt2medium", "gpt2", 24, 1024, 50257, 1024, 354'823'168},
    KnownShape{"gpt2large", "gpt2", 36, 1280, 50257, 1024, 774'030'080},
    KnownShape{"gpt2xl", "gpt2", 48, 1600, 50257, 1024, 1'557'611'200},
    KnownShape{"gptj", "gptj", 28, 4096, 50400, 2048, 6'050'882'784},
    KnownShape{"gptj6b", "gptj", 28, 4096, 50400, 2048, 6'050'882'784},
};

/// "GPT-J_6B" and "gpt-j-6b" are the same name.
std::string plain(const std::string& name) {
  std::string text;
  for (const unsigned char letter : name) {
    if (std::isalnum(letter) != 0) text += static_cast<char>(std::tolower(letter));
  }
  return text;
}

core::ModelFacts with_layers(core::ModelFacts facts, const core::ExperimentConfig& config) {
  std::set<int> layers;
  for (const auto& cell : config.cells) {
    if (cell.model != facts.name) continue;
    const auto needed = core::second_moment_layers(config.method_of(cell));
    layers.insert(needed.begin(), needed.end());
  }
  facts.moments_layers.assign(layers.begin(), layers.end());
  const auto& moments = config.model(facts.name).second_moments;
  if (moments && !moments->is_published()) facts.moments_documents = moments->max_documents;
  return facts;
}

}  // namespace

std::optional<core::ModelFacts> known_model(const core::ModelConfig& model) {
  for (const auto& name : {plain(model.name), plain(model.path.filename().string())}) {
    const auto* found = std::ranges::find_if(kKnown, [&](const KnownShape& shape) { return name == shape.name; });
    if (found == kKnown.end()) continue;
    core::ModelFacts facts;
    facts.name = model.name;
    facts.family = found->family;
    facts.num_layers = found->num_layers;
    facts.width = found->width;
    facts.inner_width = 4 * found->width;
    facts.vocab_size = found->vocab_size;
    facts.max_positions = found->max_positions;
    facts.num_parameters = found->num_parameters;
    return facts;
  }
  return std::nullopt;
}

core::Inspection complete_with_known(const core::ExperimentConfig& config, core::Inspection inspection) {
  std::erase_if(inspection.models, [](const core::ModelFacts& facts) { return facts.num_layers == 0; });
  const auto find = [&](const std::string& name) {
    return std::ranges::find(inspection.models, name, &core::ModelFacts::name);
  };
  for (const auto& model : config.models) {
    if (find(model.name) != inspection.models.end()) continue;
    if (const auto known = known_model(model)) inspection.models.push_back(with_layers(*known, config));
  }
  std::erase_if(inspection.cells,
                [&](const core::CellFacts& cell) { return find(cell.cell.model) == inspection.models.end(); });
  for (auto& cell : inspection.cells) {
    if (cell.delta_bytes_per_edit == 0 && cell.snapshot_bytes == 0) {
      const auto& model = *find(cell.cell.model);
      core::set_sizes(cell, config.method_of(cell.cell), model.num_layers, model.width, model.inner_width);
    }
  }
  return inspection;
}

}  // namespace lethe::orchestrator::inline display
