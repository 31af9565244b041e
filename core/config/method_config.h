#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/config/mend_config.h"

namespace lethe::core::inline config {

/// `code` reproduces the published programs, quirks included; `paper` follows the text (design C3).
enum class Fidelity { kCode, kPaper };

/// `count` context prefixes of `length_tokens` tokens in total, the seed token included.
struct ContextLength {
  int length_tokens = 0;
  int count = 0;
  bool operator==(const ContextLength&) const = default;
};

/// Which key the residual and the denominator of ROME's update use.
enum class ResidualKey { kBarePrompt, kContextMean };
/// Where the KL row "{subject} is a" is read.
enum class KlPosition { kSubjectLast, kLast };
/// The decay term of v*: ||delta|| / ||v0||^2 (published code) or (||delta|| / ||v0||)^2.
enum class DecayNorm { kPlain, kSquared };

/// How ROME and MEMIT find the vector that a subject shall be given: Adam on delta, which is added at the subject's
/// last token. The values are the published code's for ROME.
struct ValueOptimizationConfig {
  int v_num_grad_steps = 20;  ///< forwards; one update fewer is made
  double v_lr = 0.5;
  double v_weight_decay = 0.5;
  double clamp_norm_factor = 4.0;  ///< ||delta|| <= factor * ||v0||; 0 (MEMIT only): no clamp
  double kl_factor = 0.0625;
  double early_stop_loss = 0.05;  ///< 0: never
  KlPosition kl_position = KlPosition::kSubjectLast;
  DecayNorm decay_norm = DecayNorm::kPlain;
  bool operator==(const ValueOptimizationConfig&) const = default;
};

/// What ROME and r-ROME share: a rank-one update of one layer's projection for one fact.
struct RankOneConfig : ValueOptimizationConfig {
  int layer = 0;
  int batch_size = 1;  ///< facts a step edits; one update cannot hold more, so another number is refused
  bool mom2_adjustment = true;
  std::vector<ContextLength> context_lengths;  ///< 10 of 5 tokens, 10 of 10
  /// Fixed prefix strings, one a line, instead of sampled ones.
  std::optional<std::filesystem::path> contexts_file;

  RankOneConfig();
  bool operator==(const RankOneConfig&) const = default;
};

/// ROME (Meng et al. 2022). Layer numbers are 0-based. The values here are the published code's; `fidelity: paper`
/// changes what a config leaves open to the paper's text:
///   v_weight_decay 1.5e-3, decay_norm squared (an L2 penalty), kl_factor 1, kl_position last ("p' is a" is read at its
///   end), residual_key context_mean (k* throughout), 50 prefixes (25 of 5 tokens, 25 of 10).
struct RomeConfig : RankOneConfig {
  ResidualKey residual_key = ResidualKey::kBarePrompt;
  bool operator==(const RomeConfig&) const = default;
};

/// Which key r-ROME uses throughout: the mean over the contexts, or the bare prompt's.
enum class RRomeForm { kRandomPrefix, kPromptKeys };

/// r-ROME (Gupta et al. 2024): ROME with one key in the direction, the residual and the denominator. `fidelity: paper`
/// changes what ROME's text decides of the value's optimisation, and the number of prefixes.
struct RRomeConfig : RankOneConfig {
  RRomeForm form = RRomeForm::kRandomPrefix;
  bool operator==(const RRomeConfig&) const = default;
};

/// How MEMIT weighs the keys of its contexts: the bare prompt and the prefixed prompts half each (published code), or
/// all alike.
enum class KeyWeights { kGroupMeans, kPlain };

/// MEMIT (Meng et al. 2023). The values here are the published code's; `fidelity: paper` changes what a config leaves
/// open to the paper's text: delta minimises the target's NLL alone (v_weight_decay, kl_factor, clamp_norm_factor and
/// early_stop_loss 0), key_weights plain.
struct MemitConfig : ValueOptimizationConfig {
  std::vector<int> layers;            ///< ascending; the value is found at the last one's output
  double mom2_update_weight = 15000;  ///< lambda: how many observed tokens C stands for
  int batch_size = 1;                 ///< facts edited by one step
  /// `count` prefixes of each length are sampled from each seed text: one of 10 tokens from "The", "Therefore",
  /// "Because", "I" and "You".
  std::vector<std::string> context_seeds;
  std::vector<ContextLength> context_lengths;
  std::optional<std::filesystem::path> contexts_file;  ///< as ROME's
  KeyWeights key_weights = KeyWeights::kGroupMeans;

  MemitConfig();  ///< clamp_norm_factor 0.75
  bool operator==(const MemitConfig&) const = default;
};

/// From which positions the tokens of a target are predicted.
enum class TargetPositions { kLastPromptToken, kTeacherForced };
/// Around which weights the L-inf bound holds.
enum class BoundCentre { kEditStart, kUnedited };

/// Fine-tuning of one layer's MLP projection: FT-C with `linf_bound`, unconstrained FT without. The values here are the
/// published code's; `fidelity: paper` changes what a config leaves open to the paper's text:
///   bound_centre unedited (the bound holds over the whole sequence), tune_bias false (the text names the matrix only),
///   target_positions teacher_forced (log P of the target; the same on single-token targets).
/// Unconstrained FT has no bound, so its `bound_centre` means nothing.
struct FineTuneConfig {
  int layer = 0;
  int batch_size = 1;   ///< facts edited by one step
  int chunk_size = 64;  ///< facts of a step that one update of the optimiser sees
  int num_steps = 25;
  double learning_rate = 5e-4;
  double weight_decay = 0.0;
  std::optional<double> linf_bound;
  double early_stop_loss = 1e-2;
  bool tune_bias = true;
  TargetPositions target_positions = TargetPositions::kLastPromptToken;
  BoundCentre bound_centre = BoundCentre::kEditStart;
  bool operator==(const FineTuneConfig&) const = default;
};

using MethodConfig = std::variant<RomeConfig, RRomeConfig, MemitConfig, FineTuneConfig, MendConfig>;

/// Names that configs may use: "rome", "r-rome", "memit", "ft-c", "ft", "mend".
const std::vector<std::string>& method_names();
/// What a config gets that sets nothing. Throws `ConfigError` for an unknown method.
MethodConfig default_method_config(const std::string& method, Fidelity fidelity);
/// What is wrong with the fields taken together ("linf_bound: is missing; ..."), or nothing: FT-C needs its bound, FT
/// has none; ROME and r-ROME edit one fact a step; MEND needs an editor, or records to train one.
std::string method_config_problem(const std::string& method, const MethodConfig& config);
/// Layers whose second moments the method needs, ascending; empty: none.
std::vector<int> second_moment_layers(const MethodConfig& config);
inline bool needs_second_moments(const MethodConfig& config) { return !second_moment_layers(config).empty(); }
/// True if the method needs an editor that the config does not name, so that it is trained first.
bool needs_trained_editor(const MethodConfig& config);
/// Layers whose weights the method changes in a model of `num_layers`, ascending.
std::vector<int> edited_layers(const MethodConfig& config, std::int64_t num_layers);
/// The first of them, `num_layers` if there is none; below it no edit changes anything.
std::int64_t lowest_edited_layer(const MethodConfig& config, std::int64_t num_layers);
/// Facts that one step edits. `edits:` and every interval count facts.
int batch_size(const MethodConfig& config);
/// The file of fixed prefixes that a config names, if it does.
std::optional<std::filesystem::path> contexts_file(const MethodConfig& config);
/// True if updates are kept as snapshots of whole parameters (FT), false for low-rank factors.
bool stores_snapshots(const MethodConfig& config);

}  // namespace lethe::core::inline config
