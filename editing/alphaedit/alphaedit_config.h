#pragma once

#include <array>
#include <string>
#include <vector>

#include "editing/memit/memit_config.h"

namespace lethe::editing {

/// AlphaEdit (Fang et al. 2025): MEMIT's values and spread, every update projected into the null space of the layer's
/// second moment, the keys of all earlier edits held in place. The values here are the published code's, for models of
/// billions of parameters; small ones need a smaller l2. `fidelity: paper` changes nothing: the text names no other.
struct AlphaEditConfig : SpreadConfig {
  static constexpr std::array kNames{"alphaedit"};
  static AlphaEditConfig defaults(core::Fidelity fidelity);

  double nullspace_threshold = 0.02;  ///< directions of C with smaller eigenvalues may be edited
  double l2 = 10.0;                   ///< weight of ||update||^2 beside the keys' errors
  bool operator==(const AlphaEditConfig&) const = default;
};

/// MEMIT with the cache of earlier keys (the AlphaEdit paper's baseline `MEMIT_seq`): their squared errors join those
/// of C's tokens. The values and `fidelity: paper` are MEMIT's.
struct MemitSeqConfig : MemitConfig {
  static constexpr std::array kNames{"memit-seq"};
  static MemitSeqConfig defaults(core::Fidelity fidelity);
  bool operator==(const MemitSeqConfig&) const = default;
};

/// The kind of prerequisite that a projector is: the null spaces of all edited layers.
inline constexpr const char* kProjectorKind = "projector";

void visit_fields(core::FieldVisitor& visit, AlphaEditConfig& config);
/// The projector, made from the second moments of the edited layers; no edit needs these themselves.
std::vector<core::ArtifactUse> artifacts(const AlphaEditConfig& config);
bool have_same_artifacts(const AlphaEditConfig& a, const AlphaEditConfig& b);

std::unique_ptr<EditMethod> make_method(const AlphaEditConfig& config, MethodInputs inputs);
std::unique_ptr<EditMethod> make_method(const MemitSeqConfig& config, MethodInputs inputs);
Price price_of(const AlphaEditConfig& config, const model::Architecture& architecture, std::int64_t num_facts);
Price price_of(const MemitSeqConfig& config, const model::Architecture& architecture, std::int64_t num_facts);

}  // namespace lethe::editing
