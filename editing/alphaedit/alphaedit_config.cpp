#include "editing/alphaedit/alphaedit_config.h"

namespace lethe::editing {

AlphaEditConfig AlphaEditConfig::defaults(core::Fidelity /*fidelity*/) { return {}; }

MemitSeqConfig MemitSeqConfig::defaults(core::Fidelity fidelity) { return {MemitConfig::defaults(fidelity)}; }

void visit_fields(core::FieldVisitor& visit, AlphaEditConfig& config) {
  visit_spread_fields(visit, config);
  visit("nullspace_threshold", config.nullspace_threshold, core::RealRule{core::kAboveZero});
  visit("l2", config.l2, core::RealRule{core::kAboveZero});
}

std::vector<core::ArtifactUse> artifacts(const AlphaEditConfig& config) {
  return {{kProjectorKind, "computation", std::nullopt, config.layers}};
}

bool have_same_artifacts(const AlphaEditConfig& a, const AlphaEditConfig& b) {
  return a.layers == b.layers && a.nullspace_threshold == b.nullspace_threshold;
}

}  // namespace lethe::editing
