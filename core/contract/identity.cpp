#include "core/contract/identity.h"

#include <algorithm>
#include <set>

#include "core/config/method_json.h"
#include "core/error.h"
#include "core/json_object.h"

namespace lethe::core::inline contract {
namespace {

// Design C7; another one would be an identity of its own.
constexpr const char* kPrecision = "fp32";

/// Adds every field of a method but those whose contents are inputs.
void add_method(Identity& identity, const MethodConfig& config) {
  identity.fields["method"] = config.method();
  const auto sources = source_fields(config);
  const auto fields = method_to_json(config);
  for (const auto& [name, value] : fields.items()) {
    if (std::ranges::find(sources, name) == sources.end()) identity.fields["method." + name] = dump_json(value);
  }
}

void add_task(Identity& identity, const TaskConfig& task, const std::map<std::string, Digest>& examples) {
  const auto found = examples.find(task.name);
  if (found == examples.end()) throw ConfigError("task " + task.name + ": the digest of its examples is missing");
  nlohmann::json answers = nlohmann::json::array();
  for (const auto& answer : task.answers) answers.push_back({answer.word, answer.label});
  const auto prefix = "task." + task.name + ".";
  identity.fields[prefix + "examples"] = found->second.hex();
  identity.fields[prefix + "prefix"] = task.prefix;
  identity.fields[prefix + "query"] = task.query;
  identity.fields[prefix + "marker"] = task.marker;
  identity.fields[prefix + "answers"] = dump_json(answers);
  identity.fields[prefix + "max_new_tokens"] = std::to_string(task.max_new_tokens);
}

void add_monitor_text(Identity& identity, const ExperimentConfig& config, const std::string& content) {
  if (config.monitor_text.empty()) return;
  if (content.empty()) throw ConfigError("monitor_text: the digest of the text is missing");
  identity.fields["text"] = content;
  identity.fields["tokens"] = std::to_string(config.monitor_tokens);
}

/// One line, so that two values stay side by side.
std::string shown(const std::map<std::string, std::string>& fields, const std::string& name) {
  const auto found = fields.find(name);
  if (found == fields.end()) return "(none)";
  std::string line;
  for (const char c : found->second) {
    if (c == '\n') {
      line += "\\n";
    } else {
      line += c;
    }
  }
  return line;
}

}  // namespace

// The CPU's files had no device to tell apart from.
void add_machine(Identity& identity, const ExperimentConfig& config) {
  identity.fields["threads"] = std::to_string(config.threads);
  if (config.device != "cpu") identity.fields["device"] = config.device;
  identity.fields["precision"] = kPrecision;
}

Digest Identity::digest() const {
  DigestStream stream;
  for (const auto& [name, value] : fields) {
    stream.update_text(name);
    stream.update_text(value);
  }
  return stream.finish();
}

std::string Identity::short_hex() const { return digest().hex().substr(0, 12); }

Identity edit_identity(const ExperimentConfig& config, const GridCell& cell, const EditInputs& inputs) {
  if (config.edits.count(cell) == 0) throw ConfigError(cell.name() + ": is not a cell of this experiment's grid");
  Identity identity;
  const auto& method = config.method_of(cell);
  add_method(identity, method);
  identity.fields["kind"] = "edit";
  identity.fields["fidelity"] = config.fidelity == Fidelity::kPaper ? "paper" : "code";
  // A last step that the cell's end cuts short would hold other facts if there were more edits.
  const auto edits = config.edits.at(cell);
  if (edits % method->batch_size() != 0) identity.fields["edits"] = std::to_string(edits);
  identity.fields["seed"] = std::to_string(config.seed);
  identity.fields["sample"] = std::to_string(cell.sample);
  add_machine(identity, config);
  if (keeps_factors_on_host(config, config.model(cell.model)) && !inputs.moments_identity.empty()) {
    identity.fields["second_moment_placement"] = "host";
  }
  identity.fields["numerics_version"] = std::to_string(kEditNumericsVersion);
  identity.fields["weights"] = inputs.weights.hex();
  identity.fields["tokenizer"] = inputs.tokenizer.hex();
  identity.fields["requests"] = inputs.requests;
  identity.fields["moments"] = inputs.moments_identity;
  identity.fields["contexts"] = inputs.contexts_digest;
  for (const auto& [kind, content] : inputs.artifacts) identity.fields[kind] = content;
  return identity;
}

Identity moments_identity(const ExperimentConfig& config, const ModelConfig& model, const MomentsInputs& inputs) {
  if (!model.second_moments) throw ConfigError("models." + model.name + ": second_moments: is missing");
  Identity identity;
  identity.fields["kind"] = "moments";
  if (model.second_moments->is_published()) {
    identity.fields["weights"] = inputs.weights.hex();
    for (const auto& [layer, digest] : inputs.published) {
      identity.fields["published." + std::to_string(layer)] = digest.hex();
    }
    return identity;
  }
  identity.fields["max_documents"] = std::to_string(model.second_moments->max_documents);
  identity.fields["max_tokens"] = std::to_string(model.second_moments->max_tokens);
  identity.fields["batch_tokens"] = std::to_string(model.second_moments->batch_tokens);
  // Where the sum is cut decides its last bits; how much memory it may take does not.
  identity.fields["documents_per_slice"] = std::to_string(model.second_moments->documents_per_slice);
  add_machine(identity, config);
  identity.fields["numerics_version"] = std::to_string(kEditNumericsVersion);
  identity.fields["weights"] = inputs.weights.hex();
  identity.fields["tokenizer"] = inputs.tokenizer.hex();
  identity.fields["corpus"] = inputs.corpus;
  return identity;
}

Identity reduction_identity(ReductionPart part, const ExperimentConfig& config,
                            const std::map<std::string, Digest>& examples, const std::string& monitor_text,
                            const std::string& text_prompts) {
  Identity identity;
  identity.fields["kind"] = "reduction";
  identity.fields["part"] = std::string(to_string(part));
  identity.fields["numerics_version"] = std::to_string(kEvaluationNumericsVersion);
  if (part == ReductionPart::kTexts) {
    identity.fields["facts"] = std::to_string(config.texts_facts);
    identity.fields["tokens"] = std::to_string(config.texts_tokens);
    if (!text_prompts.empty()) identity.fields["prompts"] = text_prompts;
  }
  if (part == ReductionPart::kMonitor) add_monitor_text(identity, config, monitor_text);
  if (part != ReductionPart::kTasks) return identity;
  for (const auto& task : config.tasks) add_task(identity, task, examples);
  return identity;
}

Identity task_identity(const TaskConfig& task, const std::map<std::string, Digest>& examples) {
  Identity identity;
  identity.fields["kind"] = "task";
  identity.fields["numerics_version"] = std::to_string(kEvaluationNumericsVersion);
  add_task(identity, task, examples);
  return identity;
}

Identity contents_identity(const ExperimentConfig& config, const Digest& weights, const Digest& tokenizer) {
  Identity identity;
  identity.fields["kind"] = "contents";
  add_machine(identity, config);
  identity.fields["weights"] = weights.hex();
  identity.fields["tokenizer"] = tokenizer.hex();
  return identity;
}

Identity baseline_identity(const ExperimentConfig& config, const Digest& weights, const Digest& tokenizer,
                           const std::map<std::string, Digest>& examples) {
  auto identity = reduction_identity(ReductionPart::kTasks, config, examples);
  identity.fields["kind"] = "baseline";
  add_machine(identity, config);
  identity.fields["weights"] = weights.hex();
  identity.fields["tokenizer"] = tokenizer.hex();
  return identity;
}

std::string describe_difference(const Identity& a, const Identity& b) {
  std::set<std::string> names;
  for (const auto& [name, value] : a.fields) names.insert(name);
  for (const auto& [name, value] : b.fields) names.insert(name);
  std::string text;
  for (const auto& name : names) {
    const auto left = shown(a.fields, name);
    const auto right = shown(b.fields, name);
    if (left != right) text += (text.empty() ? "  " : "\n  ") + name + ": " + left + " | " + right;
  }
  return text;
}

}  // namespace lethe::core::inline contract
