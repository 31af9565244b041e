#include "editing/mend/mend_config.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>

namespace lethe::editing {

MendConfig MendConfig::defaults(core::Fidelity fidelity) {
  MendConfig config;
  if (fidelity == core::Fidelity::kPaper) {
    config.running_statistics = RunningStatistics::kLoaded;
    config.learning_rate_order = LearningRateOrder::kPaper;
    config.pad_class = false;
    config.input_normalization = InputNormalization::kNone;
    config.last_bias = false;
    config.update_sign = UpdateSign::kMinus;
  }
  return config;
}

void visit_training_fields(core::FieldVisitor& visit, MendTrainingConfig& training) {
  constexpr std::int64_t kMany = 1'000'000'000;
  constexpr core::RealRange kAny{-std::numeric_limits<double>::max(), true};
  visit("records", training.records);
  visit("corpus", training.corpus);
  visit("corpus_share", training.corpus_share, core::RealRule{core::kShare});
  visit("rank", training.rank, core::IntegerRule{{1, 1'000'000}});
  visit("hidden_layers", training.hidden_layers, core::IntegerRule{{0, 100}});
  visit("initial_rate", training.initial_rate, core::RealRule{kAny});
  visit("learning_rate", training.learning_rate, core::RealRule{core::kAboveZero});
  visit("rate_learning_rate", training.rate_learning_rate, core::RealRule{core::kAtLeastZero});
  visit("edit_loss_weight", training.edit_loss_weight, core::RealRule{core::kAboveZero});
  visit("locality_loss_weight", training.locality_loss_weight, core::RealRule{core::kAtLeastZero});
  visit("accumulate", training.accumulate, core::IntegerRule{{1, kMany}});
  visit("gradient_clip", training.gradient_clip, core::RealRule{core::kAboveZero});
  visit("max_iterations", training.max_iterations, core::IntegerRule{{1, kMany}});
  visit("validation_every", training.validation_every, core::IntegerRule{{1, kMany}});
  visit("validation_edits", training.validation_edits, core::IntegerRule{{1, kMany}});
  visit("validation_texts", training.validation_texts, core::IntegerRule{{1, 1000}});
  visit("validation_share", training.validation_share, core::RealRule{core::kPart});
  visit("patience", training.patience, core::IntegerRule{{1, kMany}});
  visit("max_text_tokens", training.max_text_tokens, core::IntegerRule{{2, 100'000}});
  visit("save_every", training.save_every, core::IntegerRule{{1, kMany}});
  visit("seed", training.seed, core::IntegerRule{{0, kMany}});
}

void visit_fields(core::FieldVisitor& visit, MendConfig& config) {
  visit("layers", config.layers, core::IntegerListRule{{0, kMaxLayers - 1}});
  visit_batch_size(visit, config.batch_size);
  visit("editor", config.editor);
  visit("lr_scale", config.lr_scale, core::RealRule{core::kAboveZero});
  visit("running_statistics", config.running_statistics, core::WordRule{{"reset", "loaded"}});
  visit("learning_rate_order", config.learning_rate_order, core::WordRule{{"code", "paper"}});
  visit("pad_class", config.pad_class);
  visit("input_normalization", config.input_normalization, core::WordRule{{"running", "none"}});
  visit("last_bias", config.last_bias);
  visit("update_sign", config.update_sign, core::WordRule{{"plus", "minus"}});
  visit.recipe("training", [&](core::FieldVisitor& inner) { visit_training_fields(inner, config.training); });
}

std::string config_problem(const std::string& /*name*/, const MendConfig& config) {
  if (config.editor || config.training.records) return "";
  return "editor: is missing; expected a trained editor's file, or training: {records: FILE} to have one trained";
}

std::vector<int> mend_layers(const std::vector<int>& configured, std::int64_t num_layers) {
  constexpr std::int64_t kDefaultBlocks = 3;
  if (!configured.empty()) return configured;
  std::vector<int> last(static_cast<std::size_t>(std::min(kDefaultBlocks, num_layers)));
  std::iota(last.begin(), last.end(), static_cast<int>(num_layers - std::ssize(last)));
  return last;
}

std::vector<int> edited_layers(const MendConfig& config, std::int64_t num_layers) {
  return mend_layers(config.layers, num_layers);
}

std::vector<core::ArtifactUse> artifacts(const MendConfig& config) {
  return {{kEditorKind, "training", config.editor, {}}};
}

bool have_same_artifacts(const MendConfig& a, const MendConfig& b) {
  const auto decisive = [](const MendConfig& config) {
    return std::tie(config.layers, config.pad_class, config.input_normalization, config.last_bias, config.update_sign,
                    config.training);
  };
  return decisive(a) == decisive(b);
}

}  // namespace lethe::editing
