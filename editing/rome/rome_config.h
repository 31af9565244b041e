#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/config/context_length.h"
#include "editing/methods/executor_side.h"
#include "editing/value_config.h"

namespace lethe::editing {

/// Which key the residual and the denominator of ROME's update use.
enum class ResidualKey { kBarePrompt, kContextMean };
/// What ROME and r-ROME share: a rank-one update of one layer's projection for one fact.
struct RankOneConfig : ValueOptimizationConfig {
  int layer = 0;
  int batch_size = 1;  ///< facts a step edits; one update cannot hold more, so another number is refused
  bool mom2_adjustment = true;
  std::vector<core::ContextLength> context_lengths;  ///< 10 of 5 tokens, 10 of 10
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
  static constexpr std::array kNames{"rome"};
  static RomeConfig defaults(core::Fidelity fidelity);

  ResidualKey residual_key = ResidualKey::kBarePrompt;
  bool operator==(const RomeConfig&) const = default;
};

/// Which key r-ROME uses throughout: the mean over the contexts, or the bare prompt's.
enum class RRomeForm { kRandomPrefix, kPromptKeys };

/// r-ROME (Gupta et al. 2024): ROME with one key in the direction, the residual and the denominator. `fidelity: paper`
/// changes what ROME's text decides of the value's optimisation, and the number of prefixes.
struct RRomeConfig : RankOneConfig {
  static constexpr std::array kNames{"r-rome"};
  static RRomeConfig defaults(core::Fidelity fidelity);

  RRomeForm form = RRomeForm::kRandomPrefix;
  bool operator==(const RRomeConfig&) const = default;
};

void visit_fields(core::FieldVisitor& visit, RomeConfig& config);
void visit_fields(core::FieldVisitor& visit, RRomeConfig& config);
/// One fact a step.
std::string config_problem(const std::string& name, const RankOneConfig& config);
std::vector<int> edited_layers(const RankOneConfig& config, std::int64_t num_layers);
std::vector<int> second_moment_layers(const RankOneConfig& config);

std::unique_ptr<EditMethod> make_method(const RomeConfig& config, MethodInputs inputs);
std::unique_ptr<EditMethod> make_method(const RRomeConfig& config, MethodInputs inputs);
std::vector<std::string> sample_prefixes(const RankOneConfig& config, const ContextSource& source);
Price price_of(const RankOneConfig& config, const model::Architecture& architecture, std::int64_t num_facts);

}  // namespace lethe::editing
