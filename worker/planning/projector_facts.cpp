#include <map>

#include "core/contract/identity.h"
#include "core/json_object.h"
#include "editing/alphaedit/alphaedit_config.h"
#include "editing/methods/settings_of.h"
#include "editing/price.h"
#include "ledger/sweep_folder.h"
#include "worker/planning/prerequisite_kinds.h"
#include "worker/planning/prices.h"

namespace lethe::worker::inline planning {
namespace {

/// Hash of all that decides the bits of a model's projectors.
core::Identity identity_of(PrerequisiteContext& context, const editing::AlphaEditConfig& config) {
  core::Identity identity;
  identity.fields["kind"] = editing::kProjectorKind;
  identity.fields["moments"] = moments_identity_of(context, config.layers);
  identity.fields["nullspace_threshold"] = core::dump_json(config.nullspace_threshold);
  core::add_machine(identity, context.config);
  identity.fields["numerics_version"] = std::to_string(core::kEditNumericsVersion);
  return identity;
}

void describe(PrerequisiteContext& context, const editing::AlphaEditConfig& config) {
  core::PrerequisiteFacts facts;
  facts.kind = editing::kProjectorKind;
  facts.model = context.model.name;
  facts.title = "null spaces of " + facts.model + "'s second moments";
  if (const auto* moments = context.findings.inspection.find_prerequisite(kMomentsKind, facts.model)) {
    facts.needs.push_back(moments->key());
  }
  for (const int layer : config.layers) facts.stems.push_back(ledger::moments_stem(layer));
  if (context.inputs.content) {
    context.problems.attempt([&] {
      const auto identity = identity_of(context, config).short_hex();
      facts.folder = ledger::prerequisite_folder(ledger::kProjectorsFolder, facts.model, identity);
    });
  }
  // An eigen-decomposition of a symmetric matrix in fp64, some 9 F^3 operations, of each layer in turn.
  const auto inner = static_cast<double>(context.inputs.architecture.inner_width);
  facts.step_work.flops = 9.0 * inner * inner * inner;
  facts.work = static_cast<double>(config.layers.size()) * facts.step_work;
  const auto matrix_bytes =
      editing::kDoubleBytes * context.inputs.architecture.inner_width * context.inputs.architecture.inner_width;
  facts.peak_bytes = base_bytes(context.config, context.inputs) + 4 * matrix_bytes;
  facts.disk_bytes = std::ssize(config.layers) * matrix_bytes / 2;  // at most: the smaller of two bases
  context.findings.inspection.prerequisites.push_back(std::move(facts));
}

}  // namespace

/// A model has one: of the AlphaEdit among its methods.
void describe_projector(PrerequisiteContext& context) {
  for (const auto& [name, method] : context.model.methods) {
    const auto* config = editing::find_config<editing::AlphaEditConfig>(method);
    if (config != nullptr && context.is_used(name)) return describe(context, *config);
  }
}

}  // namespace lethe::worker::inline planning
