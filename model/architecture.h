#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/families/family_spec.h"

namespace lethe::model {

/// Full names of a module's parameters.
struct ParameterNames {
  std::string weight;
  std::optional<std::string> bias;  ///< of a module that has one
};

/// A network's shape and its family: which modules it has, what they are called, how they are computed.
struct Architecture : NetworkShape {
  const FamilySpec* family = nullptr;  ///< one of `all_families()`; null only until it is set

  [[nodiscard]] bool has(Role role) const;
  /// `layer`: of a module of a block. Throws `core::ModelError` if the family has no such module.
  [[nodiscard]] ParameterNames names_of(Role role, std::int64_t layer = 0) const;

  /// The token embedding, [V,D].
  [[nodiscard]] ParameterNames embedding() const { return names_of(Role::kEmbedding); }
  /// The head, [V,D]: the embedding where the head is tied to it.
  [[nodiscard]] ParameterNames head() const { return names_of(has_tied_head() ? Role::kEmbedding : Role::kHead); }
  [[nodiscard]] bool has_tied_head() const { return !has(Role::kHead); }
  [[nodiscard]] ParameterNames mlp_projection(std::int64_t layer, MlpProjection which) const;
  /// The MLP's last projection, [D,F] in memory: the module edited by ROME, MEMIT and FT-C.
  [[nodiscard]] ParameterNames down_projection(std::int64_t layer) const;
  /// Projections from D to F in an MLP: 2 where it has a gate.
  [[nodiscard]] std::int64_t num_input_projections() const { return has(Role::kGateProjection) ? 2 : 1; }
  /// `FamilySpec::mlp_listing`.
  [[nodiscard]] std::span<const MlpProjection> mlp_listing() const { return family->mlp_listing; }

  /// What the names of a block's parameters begin with; ends in a dot.
  [[nodiscard]] std::string block_prefix(std::int64_t layer) const;
  /// The block that a parameter belongs to, by its name; none for what stands before or after the blocks.
  [[nodiscard]] std::optional<std::int64_t> block_of(std::string_view parameter) const;
  /// Whether the parameter stands before the blocks (an embedding).
  [[nodiscard]] bool is_before_blocks(std::string_view parameter) const;

  [[nodiscard]] std::int64_t num_parameters() const;
};

/// Reads a Hugging Face folder's config.json. Throws `core::ModelError` naming the file and key. Refuses families that
/// are not in the table and variants whose mathematics lethe does not compute (another activation, scaled or cross
/// attention, a head tied where the family's is not or the other way round).
Architecture read_architecture(const std::filesystem::path& folder);

/// The architecture of a published model by its name, in any spelling ("GPT-J_6B", "gpt-j-6b"), without any file.
std::optional<Architecture> published_architecture(std::string_view name);

/// One parameter of an architecture under its Hugging Face name.
struct ParameterShape {
  std::string name;
  std::vector<std::int64_t> shape;  ///< in memory; [O,I] for projections
  Role role = Role::kEmbedding;     ///< of its module
  bool is_bias = false;
  bool is_transposed_in_file = false;  ///< a projection that checkpoints hold as [I,O]
  bool may_be_zero = false;            ///< zeros alone are a model's own, not a damaged file's
};

/// Whether modules of this role are norms.
bool is_norm(Role role);

/// Every parameter of the network, in the order of the family's spec.
std::vector<ParameterShape> parameter_shapes(const Architecture& architecture);

}  // namespace lethe::model
