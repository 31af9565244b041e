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

/// How MEMIT weighs the keys of its contexts: the bare prompt and the prefixed prompts half each (published code), or
/// all alike.
enum class KeyWeights { kGroupMeans, kPlain };

/// What MEMIT and the methods that spread as it does share.
struct SpreadConfig : ValueOptimizationConfig {
  std::vector<int> layers;  ///< ascending; the value is found at the last one's output
  int batch_size = 1;       ///< facts edited by one step
  /// `count` prefixes of each length are sampled from each seed text: one of 10 tokens from "The", "Therefore",
  /// "Because", "I" and "You".
  std::vector<std::string> context_seeds;
  std::vector<core::ContextLength> context_lengths;
  std::optional<std::filesystem::path> contexts_file;  ///< as ROME's
  KeyWeights key_weights = KeyWeights::kGroupMeans;

  SpreadConfig();  ///< clamp_norm_factor 0.75
  bool operator==(const SpreadConfig&) const = default;
};
void visit_spread_fields(core::FieldVisitor& visit, SpreadConfig& config);
/// What `fidelity: paper` changes of MEMIT and its kin: delta minimises the target's NLL alone, key_weights plain.
void follow_memit_paper(SpreadConfig& config);

/// MEMIT (Meng et al. 2023). The values here are the published code's; `fidelity: paper` changes what a config leaves
/// open to the paper's text: delta minimises the target's NLL alone (v_weight_decay, kl_factor, clamp_norm_factor and
/// early_stop_loss 0), key_weights plain.
struct MemitConfig : SpreadConfig {
  static constexpr std::array kNames{"memit"};
  static MemitConfig defaults(core::Fidelity fidelity);

  double mom2_update_weight = 15000;  ///< lambda: how many observed tokens C stands for
  bool operator==(const MemitConfig&) const = default;
};

void visit_fields(core::FieldVisitor& visit, MemitConfig& config);
std::vector<int> edited_layers(const SpreadConfig& config, std::int64_t num_layers);
std::vector<int> second_moment_layers(const MemitConfig& config);

std::unique_ptr<EditMethod> make_method(const MemitConfig& config, MethodInputs inputs);
Price price_of(const MemitConfig& config, const model::Architecture& architecture, std::int64_t num_facts);
std::vector<std::string> sample_prefixes(const SpreadConfig& config, const ContextSource& source);

}  // namespace lethe::editing
