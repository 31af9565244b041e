#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "core/config/experiment_config.h"
#include "core/config/schedule.h"
#include "core/digest.h"
#include "core/grid_cell.h"

namespace lethe::core::inline contract {

/// Raised whenever a change of the code changes the bits of an edit, or of an evaluation: files made before are
/// then refused instead of being continued (design C2).
inline constexpr int kEditNumericsVersion = 3;
inline constexpr int kEvaluationNumericsVersion = 3;

/// What was hashed into an identity, by name, so that two identities can be compared field by field.
/// Contents come in as digests, never as paths: moving a file changes nothing.
struct Identity {
  std::map<std::string, std::string> fields;

  [[nodiscard]] Digest digest() const;
  /// First 12 hexadecimal digits of `digest`: names of folders and files.
  [[nodiscard]] std::string short_hex() const;
  bool operator==(const Identity&) const = default;
};

/// Contents that the editing of a cell depends on.
struct EditInputs {
  Digest weights;
  Digest tokenizer;
  /// Of the sample's requests in order: *all* of them, not only the first `edits`, so that more edits continue.
  std::string requests;
  std::string moments_identity;  ///< empty for methods without second moments
  std::string contexts_digest;   ///< of the contexts file; empty where contexts are sampled or not used
  /// What stands for other things that the method edits with, by kind of prerequisite: "file <digest>" of one that the
  /// config names, "training <identity>" of one that the sweep makes.
  std::map<std::string, std::string> artifacts{};
};

/// Hash of all that changes a cell's edits: method and hyper-parameters, fidelity, seed, sample, contents, precision,
/// threads, kind of device, where second moments are (but on the CPU, where it changes nothing), numerics version. Not:
/// intervals, roles, paths, names, nor the number of edits (but for one that cuts the last step of a batched method
/// short: more edits would change that step). Throws `ConfigError` for a cell that is not in the grid.
Identity edit_identity(const ExperimentConfig& config, const GridCell& cell, const EditInputs& inputs);

/// Contents that the second moments of a model depend on. Layers are not among them: each has a file of its own.
struct MomentsInputs {
  Digest weights;
  Digest tokenizer;
  std::string corpus;  ///< digest of the corpus, and how it is read where that is not as plain text
  /// Published files instead of a corpus, by layer: of the layers asked for, whose content they are.
  std::map<int, Digest> published{};
};
/// Throws `ConfigError` if the model has no `second_moments`.
Identity moments_identity(const ExperimentConfig& config, const ModelConfig& model, const MomentsInputs& inputs);

/// Adds what decides how sums are split and rounded: threads, kind of device, precision.
void add_machine(Identity& identity, const ExperimentConfig& config);

/// Hash of what changes an evaluation of a given model state; the state itself is covered by the edit identity, under
/// whose folder reductions lie. `examples` holds the digest of each task's examples file by task name; it is used
/// for `kTasks` alone, as `monitor_text` for `kMonitor`: the text's digest, and how it is read where that is not as
/// plain text, and `text_prompts` for `kTexts`: the digest of what the texts are written behind, empty where nobody
/// asks. Throws `ConfigError` if one of the examples or texts that the config names is missing.
Identity reduction_identity(ReductionPart part, const ExperimentConfig& config,
                            const std::map<std::string, Digest>& examples, const std::string& monitor_text = "",
                            const std::string& text_prompts = "");

/// Hash of what decides one task's answers of a given model state: its part of `reduction_identity(kTasks)`, so that
/// answers outlive a change of the other tasks. Throws `ConfigError` if the digest of its examples is missing.
Identity task_identity(const TaskConfig& task, const std::map<std::string, Digest>& examples);

/// Hash of what the unedited model's answers depend on beside the questions: its contents, and what rounds.
Identity contents_identity(const ExperimentConfig& config, const Digest& weights, const Digest& tokenizer);

/// The tasks of an unedited model: what `reduction_identity(kTasks)` holds, and the model's own contents.
Identity baseline_identity(const ExperimentConfig& config, const Digest& weights, const Digest& tokenizer,
                           const std::map<std::string, Digest>& examples);

/// The fields in which two identities differ, a line each: "  field: <a's> | <b's>"; "(none)" where one lacks it.
/// Empty if they agree.
std::string describe_difference(const Identity& a, const Identity& b);

}  // namespace lethe::core::inline contract
