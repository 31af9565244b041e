#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lethe::model {

enum class Family { kGpt2, kGptj };
std::string_view to_string(Family family);

/// Shape of a network, read from a Hugging Face folder's config.json.
struct Architecture {
  Family family = Family::kGpt2;
  std::int64_t num_layers = 0;
  std::int64_t width = 0;        ///< D
  std::int64_t num_heads = 0;    ///< H
  std::int64_t inner_width = 0;  ///< F
  std::int64_t max_positions = 0;
  std::int64_t vocab_size = 0;  ///< V
  std::int64_t rotary_dim = 0;  ///< 0 for GPT-2
  double layer_norm_epsilon = 1e-5;

  [[nodiscard]] std::int64_t head_width() const { return width / num_heads; }
  /// "transformer.h.<l>.mlp.c_proj" (GPT-2) or "transformer.h.<l>.mlp.fc_out" (GPT-J): the module edited by
  /// ROME, MEMIT and FT-C. Parameters are this + ".weight" ([D,F] in memory) and ".bias" ([D]).
  [[nodiscard]] std::string mlp_projection(std::int64_t layer) const;
  /// "transformer.h.<l>.mlp.c_fc" (GPT-2) or "transformer.h.<l>.mlp.fc_in" (GPT-J): the MLP's first projection; its
  /// ".weight" is [F,D] in memory.
  [[nodiscard]] std::string mlp_input(std::int64_t layer) const;
  [[nodiscard]] std::int64_t num_parameters() const;
};

/// Throws `core::ModelError` naming the file and key. Refuses variants whose mathematics lethe does not compute
/// (another activation, scaled or cross attention, a tied GPT-J head, an untied GPT-2 head).
Architecture read_architecture(const std::filesystem::path& folder);

/// The architecture of a published model by its name, in any spelling ("GPT-J_6B", "gpt-j-6b"), without any file.
std::optional<Architecture> published_architecture(std::string_view name);

/// One parameter of an architecture under its Hugging Face name.
struct ParameterShape {
  std::string name;
  std::vector<std::int64_t> shape;     ///< in memory; [O,I] for projections
  bool is_transposed_in_file = false;  ///< GPT-2's "Conv1D" projections are stored [I,O]
};

/// "transformer.h.<layer>."
std::string block_prefix(std::int64_t layer);
/// Every parameter of the network, in the order of the forward pass.
std::vector<ParameterShape> parameter_shapes(const Architecture& architecture);

}  // namespace lethe::model
