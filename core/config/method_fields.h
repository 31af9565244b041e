#pragma once

#include <concepts>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/config/method_config.h"
#include "core/config/yaml_map.h"

// The one list of every method's fields: their names in YAML, JSON and identities, and what they may hold. A visitor is
// called with (name, field, rule) for each. A new method adds its struct to `MethodConfig`, a row to the table in
// method_config.cpp and a `visit_fields` here.

namespace lethe::core::inline config {

struct IntegerRule {
  IntegerRange range;
  Presence presence = Presence::kOptional;
};
struct RealRule {
  RealRange range;
  Presence presence = Presence::kOptional;
};
/// For booleans, paths, lists of context lengths and nested maps.
struct NoRule {};
/// A list of whole numbers, each above the one before.
struct IntegerListRule {
  IntegerRange range;
  Presence presence = Presence::kOptional;
};
/// A list of texts that are not empty.
struct TextListRule {};
/// An enumeration's words, in the order of its values.
struct WordRule {
  std::vector<std::string> words;
};

/// A method's config, to be read or to be filled in: one list of fields serves both.
template <typename Given, typename Config>
concept ConstOrNot = std::same_as<std::remove_const_t<Given>, Config>;

inline constexpr int kMaxLayers = 1000;
inline constexpr RealRange kAboveZero{0.0, false};
inline constexpr RealRange kAtLeastZero{0.0, true};
/// Of a whole: none or all of it too; or some of it, not all.
inline constexpr RealRange kShare{0.0, true, 1.0};
inline constexpr RealRange kPart{0.0, false, 0.9};

template <typename Visitor, typename Config>
void visit_batch_size(Visitor& visit, Config& config) {
  visit("batch_size", config.batch_size, IntegerRule{{1, 100'000}});
}

template <typename Visitor, typename Config>
void visit_value_fields(Visitor& visit, Config& config, RealRange clamp) {
  visit("v_num_grad_steps", config.v_num_grad_steps, IntegerRule{{1, 100'000}});
  visit("v_lr", config.v_lr, RealRule{kAboveZero});
  visit("v_weight_decay", config.v_weight_decay, RealRule{kAtLeastZero});
  visit("clamp_norm_factor", config.clamp_norm_factor, RealRule{clamp});
  visit("kl_factor", config.kl_factor, RealRule{kAtLeastZero});
  visit("early_stop_loss", config.early_stop_loss, RealRule{kAtLeastZero});
  visit("kl_position", config.kl_position, WordRule{{"subject_last", "last"}});
  visit("decay_norm", config.decay_norm, WordRule{{"plain", "squared"}});
}

template <typename Visitor, typename Config>
void visit_rank_one_fields(Visitor& visit, Config& config) {
  visit("layer", config.layer, IntegerRule{{0, kMaxLayers - 1}, Presence::kRequired});
  visit_batch_size(visit, config);
  visit_value_fields(visit, config, kAboveZero);
  visit("mom2_adjustment", config.mom2_adjustment, NoRule{});
  visit("context_lengths", config.context_lengths, NoRule{});
  visit("contexts_file", config.contexts_file, NoRule{});
}

template <typename Visitor, ConstOrNot<RomeConfig> Config>
void visit_fields(Visitor& visit, Config& config) {
  visit_rank_one_fields(visit, config);
  visit("residual_key", config.residual_key, WordRule{{"bare_prompt", "context_mean"}});
}

template <typename Visitor, ConstOrNot<RRomeConfig> Config>
void visit_fields(Visitor& visit, Config& config) {
  visit_rank_one_fields(visit, config);
  visit("form", config.form, WordRule{{"random_prefix", "prompt_keys"}});
}

template <typename Visitor, ConstOrNot<MemitConfig> Config>
void visit_fields(Visitor& visit, Config& config) {
  visit("layers", config.layers, IntegerListRule{{0, kMaxLayers - 1}, Presence::kRequired});
  visit_batch_size(visit, config);
  visit_value_fields(visit, config, kAtLeastZero);
  visit("mom2_update_weight", config.mom2_update_weight, RealRule{kAboveZero, Presence::kRequired});
  visit("context_seeds", config.context_seeds, TextListRule{});
  visit("context_lengths", config.context_lengths, NoRule{});
  visit("contexts_file", config.contexts_file, NoRule{});
  visit("key_weights", config.key_weights, WordRule{{"group_means", "plain"}});
}

template <typename Visitor, ConstOrNot<FineTuneConfig> Config>
void visit_fields(Visitor& visit, Config& config) {
  visit("layer", config.layer, IntegerRule{{0, kMaxLayers - 1}, Presence::kRequired});
  visit_batch_size(visit, config);
  visit("chunk_size", config.chunk_size, IntegerRule{{1, 100'000}});
  visit("num_steps", config.num_steps, IntegerRule{{1, 100'000}});
  visit("learning_rate", config.learning_rate, RealRule{kAboveZero});
  visit("weight_decay", config.weight_decay, RealRule{kAtLeastZero});
  visit("linf_bound", config.linf_bound, RealRule{kAboveZero});
  visit("early_stop_loss", config.early_stop_loss, RealRule{kAtLeastZero});
  visit("tune_bias", config.tune_bias, NoRule{});
  visit("target_positions", config.target_positions, WordRule{{"last_prompt_token", "teacher_forced"}});
  visit("bound_centre", config.bound_centre, WordRule{{"edit_start", "unedited"}});
}

template <typename Visitor, typename Config>
void visit_mend_training_fields(Visitor& visit, Config& training) {
  constexpr std::int64_t kMany = 1'000'000'000;
  constexpr RealRange kAny{-std::numeric_limits<double>::max(), true};
  visit("records", training.records, NoRule{});
  visit("corpus", training.corpus, NoRule{});
  visit("corpus_share", training.corpus_share, RealRule{kShare});
  visit("rank", training.rank, IntegerRule{{1, 1'000'000}});
  visit("hidden_layers", training.hidden_layers, IntegerRule{{0, 100}});
  visit("initial_rate", training.initial_rate, RealRule{kAny});
  visit("learning_rate", training.learning_rate, RealRule{kAboveZero});
  visit("rate_learning_rate", training.rate_learning_rate, RealRule{kAtLeastZero});
  visit("edit_loss_weight", training.edit_loss_weight, RealRule{kAboveZero});
  visit("locality_loss_weight", training.locality_loss_weight, RealRule{kAtLeastZero});
  visit("accumulate", training.accumulate, IntegerRule{{1, kMany}});
  visit("gradient_clip", training.gradient_clip, RealRule{kAboveZero});
  visit("max_iterations", training.max_iterations, IntegerRule{{1, kMany}});
  visit("validation_every", training.validation_every, IntegerRule{{1, kMany}});
  visit("validation_edits", training.validation_edits, IntegerRule{{1, kMany}});
  visit("validation_texts", training.validation_texts, IntegerRule{{1, 1000}});
  visit("validation_share", training.validation_share, RealRule{kPart});
  visit("patience", training.patience, IntegerRule{{1, kMany}});
  visit("max_text_tokens", training.max_text_tokens, IntegerRule{{2, 100'000}});
  visit("save_every", training.save_every, IntegerRule{{1, kMany}});
  visit("seed", training.seed, IntegerRule{{0, kMany}});
}

template <typename Visitor, ConstOrNot<MendConfig> Config>
void visit_fields(Visitor& visit, Config& config) {
  visit("layers", config.layers, IntegerListRule{{0, kMaxLayers - 1}});
  visit("batch_size", config.batch_size, IntegerRule{{1, 100'000}});
  visit("editor", config.editor, NoRule{});
  visit("lr_scale", config.lr_scale, RealRule{kAboveZero});
  visit("running_statistics", config.running_statistics, WordRule{{"reset", "loaded"}});
  visit("learning_rate_order", config.learning_rate_order, WordRule{{"code", "paper"}});
  visit("pad_class", config.pad_class, NoRule{});
  visit("input_normalization", config.input_normalization, WordRule{{"running", "none"}});
  visit("last_bias", config.last_bias, NoRule{});
  visit("update_sign", config.update_sign, WordRule{{"plus", "minus"}});
  visit("training", config.training, NoRule{});
}

/// Visits the fields of whichever method the variant holds.
template <typename Visitor, typename Variant>
void visit_method(Visitor& visit, Variant& method) {
  std::visit([&](auto& config) { visit_fields(visit, config); }, method);
}

/// What is wrong with the numbers of an `IntegerListRule` together, or nothing.
std::string ascending_problem(const std::vector<int>& numbers);

/// Reads a method's hyper-parameters. Fields that the map does not set follow `fidelity`; those in its `paper:` map
/// count under `fidelity: paper` alone, but are checked always.
MethodConfig read_method_config(const std::string& method, Fidelity fidelity, const YamlValue& value);

}  // namespace lethe::core::inline config
