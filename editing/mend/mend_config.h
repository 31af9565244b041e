#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "editing/methods/executor_side.h"
#include "editing/value_config.h"

namespace lethe::editing {

/// Which running means and deviations normalise an editor's inputs at edit time. The published program never leaves
/// training mode and forgets that it has statistics: it starts anew at the first edit of the process and absorbs the
/// rows of every edit before it normalises them (`reset`). `loaded`: those of the editor's training, unchanged.
enum class RunningStatistics { kReset, kLoaded };
/// Which learned rate belongs to which weight. The rates were trained in the order of the published list of weights
/// (`paper`); the published edit reads them in the order of the model's parameters (`code`), which swaps the two of
/// each GPT-2 block.
enum class LearningRateOrder { kCode, kPaper };
/// The direction of the update: W + rate G (published code: the learned rate carries the sign), or W - rate G.
enum class UpdateSign { kPlus, kMinus };
/// What the editor sees: its inputs normalised per coordinate by running statistics (published code), or raw.
enum class InputNormalization { kRunning, kNone };

/// How an editor is trained (Mitchell et al. 2022). The values are the published ones. One iteration is one edit and
/// one locality text; iterations count from 0.
struct MendTrainingConfig {
  /// Records in CounterFact's schema that no sample order uses: edits, and their neighbours' prompts for locality.
  std::optional<std::filesystem::path> records;
  /// Text, one document a line, for locality; without it only neighbours' prompts are used.
  std::optional<std::filesystem::path> corpus;
  double corpus_share = 0.5;  ///< of the locality texts, where there is a corpus
  int rank = 1920;            ///< of each layer; at most the width of an editor's input
  int hidden_layers = 1;      ///< low-rank layers before the last
  double initial_rate = 1e-4;
  double learning_rate = 1e-6;  ///< Adam, of the editor's networks
  /// Adam, of the learned rates. Published: a second optimiser of 1e-4, whose gradients are always cleared before it
  /// steps, so that the first one's 1e-6 acts alone.
  double rate_learning_rate = 1e-6;
  double edit_loss_weight = 0.1;
  double locality_loss_weight = 1.0;
  int accumulate = 10;  ///< iterations to a step; the first step, after iteration 10, holds 11
  double gradient_clip = 100.0;
  int max_iterations = 1'000'000;
  int validation_every = 5000;
  int validation_edits = 500;
  int validation_texts = 4;       ///< locality texts to a validation edit
  double validation_share = 0.1;  ///< of the subjects, kept from training
  int patience = 20'000;          ///< iterations without a lower validation loss
  int max_text_tokens = 200;      ///< of a locality text
  int save_every = 1000;          ///< iterations between committed states of the training
  int seed = 0;
  bool operator==(const MendTrainingConfig&) const = default;
};

/// MEND (Mitchell et al. 2022): networks that turn the gradient of one edit into a low-rank update. The values are the
/// published code's; `fidelity: paper` changes what a config leaves open to the text: running_statistics loaded,
/// learning_rate_order paper, pad_class false, and the editor's form: input_normalization none, last_bias false,
/// update_sign minus. An editor of another form than the config's is refused.
struct MendConfig {
  static constexpr std::array kNames{"mend"};
  static MendConfig defaults(core::Fidelity fidelity);

  std::vector<int> layers{};  ///< blocks whose two MLP weights are edited, ascending; empty: the last three
  int batch_size = 1;         ///< facts edited by one step
  /// Trained networks: lethe's own file, or a published `mend-*.pt`. None: trained first, as `training` says.
  std::optional<std::filesystem::path> editor;
  double lr_scale = 1.0;
  RunningStatistics running_statistics = RunningStatistics::kReset;
  LearningRateOrder learning_rate_order = LearningRateOrder::kCode;
  /// The published program adds a `[PAD]` token: one class more in every softmax of the cell, its embedding the mean of
  /// all rows, its own random start included. That start is drawn with the config's seed.
  bool pad_class = true;
  InputNormalization input_normalization = InputNormalization::kRunning;
  bool last_bias = true;  ///< the last layer of a network has a bias
  UpdateSign update_sign = UpdateSign::kPlus;
  MendTrainingConfig training{};
  bool operator==(const MendConfig&) const = default;
};

/// The kind of prerequisite that an editor is.
inline constexpr const char* kEditorKind = "editor";

void visit_fields(core::FieldVisitor& visit, MendConfig& config);
void visit_training_fields(core::FieldVisitor& visit, MendTrainingConfig& training);
/// An editor, or records to train one.
std::string config_problem(const std::string& name, const MendConfig& config);
/// The blocks that are edited in a model of `num_layers`, given `MendConfig::layers`; without a list the last three.
std::vector<int> mend_layers(const std::vector<int>& configured, std::int64_t num_layers);
std::vector<int> edited_layers(const MendConfig& config, std::int64_t num_layers);
/// The editor.
std::vector<core::ArtifactUse> artifacts(const MendConfig& config);
bool have_same_artifacts(const MendConfig& a, const MendConfig& b);

std::unique_ptr<EditMethod> make_method(const MendConfig& config, MethodInputs inputs);
Price price_of(const MendConfig& config, const model::Architecture& architecture, std::int64_t num_facts);
void check_request(const MendConfig& config, const data::EditRequest& request, const RequestLimits& limits);
/// With `pad_class`, a vocabulary that is one larger.
model::Network starting_network(const MendConfig& config, const model::Network& unedited, std::uint64_t seed);
bool changes_vocabulary(const MendConfig& config);

}  // namespace lethe::editing
