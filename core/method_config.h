#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace lethe::core {

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

/// ROME (Meng et al. 2022). Layer numbers are 0-based. The values here are the published code's; `fidelity: paper`
/// changes what a config leaves open to the paper's text:
///   v_weight_decay 1.5e-3, decay_norm squared (an L2 penalty), kl_factor 1, kl_position last ("p' is a" is read at its
///   end), residual_key context_mean (k* throughout), 50 prefixes (25 of 5 tokens, 25 of 10).
struct RomeConfig {
  int layer = 0;
  int v_num_grad_steps = 20;  ///< forwards; one update fewer is made
  double v_lr = 0.5;
  double v_weight_decay = 0.5;
  double clamp_norm_factor = 4.0;
  double kl_factor = 0.0625;
  double early_stop_loss = 0.05;
  bool mom2_adjustment = true;
  std::vector<ContextLength> context_lengths{{5, 10}, {10, 10}};
  /// Fixed prefix strings, one a line, instead of sampled ones.
  std::optional<std::filesystem::path> contexts_file;
  ResidualKey residual_key = ResidualKey::kBarePrompt;
  KlPosition kl_position = KlPosition::kSubjectLast;
  DecayNorm decay_norm = DecayNorm::kPlain;
  bool operator==(const RomeConfig&) const = default;
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

using MethodConfig = std::variant<RomeConfig, FineTuneConfig>;

/// Names that configs may use: "rome", "ft-c", "ft".
const std::vector<std::string>& method_names();
/// What a config gets that sets nothing. Throws `ConfigError` for an unknown method.
MethodConfig default_method_config(const std::string& method, Fidelity fidelity);
/// What is wrong with the fields taken together ("linf_bound: is missing; ..."), or nothing: FT-C needs its bound, FT
/// has none.
std::string method_config_problem(const std::string& method, const MethodConfig& config);
/// True if the method needs the second moments of its model.
bool needs_second_moments(const MethodConfig& config);

}  // namespace lethe::core
