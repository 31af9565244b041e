#include "worker/planning/editor_identity.h"

#include "core/config/method_json.h"
#include "core/json_object.h"
#include "editing/edit_method.h"

namespace lethe::worker::inline planning {

core::Identity editor_identity(const core::ExperimentConfig& config, const core::MethodConfig& mend,
                               const EditorInputs& inputs) {
  core::Identity identity;
  identity.fields["kind"] = "editor";
  const auto fields = core::method_to_json(mend);
  for (const char* name : {"layers", "pad_class", "input_normalization", "last_bias", "update_sign"}) {
    identity.fields[std::string("method.") + name] = core::dump_json(fields.at(name));
  }
  for (const auto& [name, value] : fields.at("training").items()) {
    if (name != "records" && name != "corpus" && name != "save_every") {
      identity.fields["training." + name] = core::dump_json(value);
    }
  }
  // The added class is drawn with the config's seed.
  if (editing::changes_vocabulary(mend)) identity.fields["seed"] = std::to_string(config.seed);
  core::add_machine(identity, config);
  identity.fields["numerics_version"] = std::to_string(core::kEditNumericsVersion);
  identity.fields["weights"] = inputs.weights.hex();
  identity.fields["tokenizer"] = inputs.tokenizer.hex();
  identity.fields["records"] = inputs.records.hex();
  identity.fields["corpus"] = inputs.corpus;
  return identity;
}

}  // namespace lethe::worker::inline planning
