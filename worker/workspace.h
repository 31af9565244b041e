#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/collapse_rule.h"
#include "core/config/experiment_config.h"
#include "data/edit_request.h"
#include "editing/moment_factor.h"
#include "ledger/sweep_folder.h"
#include "metrics/downstream.h"
#include "model/network.h"
#include "model/tokenizer/tokenizer.h"
#include "worker/committed_results.h"
#include "worker/planning/device.h"
#include "worker/planning/findings.h"
#include "worker/planning/input_digests.h"
#include "worker/planning/model_inputs.h"

namespace lethe::worker {

/// A model as all its cells share it: immutable.
struct LoadedModel {
  std::string name;
  model::Tokenizer tokenizer;
  model::Network unedited;
  std::vector<metrics::PreparedTask> tasks;
};

/// What a workspace is for.
enum class Purpose {
  kWork,     ///< making results: inputs are read, and identities are theirs
  kResults,  ///< looking at committed ones: identities are those in the folder, and no input but models is needed
};

/// What one executor process loads once and shares between its tasks: config, records, the current model.
class Workspace {
 public:
  Workspace(core::ExperimentConfig config, std::filesystem::path out, Purpose purpose = Purpose::kWork);

  [[nodiscard]] const core::ExperimentConfig& config() const { return config_; }
  [[nodiscard]] const ledger::SweepFolder& folder() const { return folder_; }

  /// Facts and identities; computed at the first call. Throws `core::DataError` with all problems of the inputs.
  const core::Inspection& facts();
  /// Facts as they are, problems included.
  const core::Inspection& inspection();

  /// A model's second moments beyond the facts; throws `core::ConfigError` if no cell of it needs any.
  const MomentsPlan& moments_plan(const std::string& model);
  /// Folder of the files of a prerequisite; throws `core::ConfigError` where no cell needs it.
  std::filesystem::path prerequisite_folder(const std::string& kind, const std::string& model);

  /// What the folder says of its results; read at the first call.
  const CommittedResults& results();
  /// Shape, tokenizer and digests of a model's folder; read at the first call. No weights are loaded.
  const ModelInputs& model_inputs(const std::string& name);
  /// Loads a model, or returns the one at hand. One model is held at a time: models of gigabytes do not fit twice.
  std::shared_ptr<const LoadedModel> model(const std::string& name);
  /// The factored second moments of a layer of a model: read and factored at the first call, O(F^3), then shared by all
  /// cells of that model; on the device or the host as the config places it. Throws `core::StorageError` if they are
  /// not committed, `core::DataError` if unusable.
  std::shared_ptr<const editing::MomentFactor> moment_factor(const std::string& model, int layer);
  /// The committed second moment of a layer of a model, on the host. Throws `core::StorageError` if it is not there.
  editing::SecondMoment second_moment(const std::string& model, int layer);
  /// What a cell's edits start from and what it is evaluated with: the unedited network, or one with a class more.
  model::Network starting_network(const std::string& model, const core::MethodConfig& method);
  model::Network starting_network(const core::GridCell& cell) {
    return starting_network(cell.model, config_.method_of(cell));
  }
  /// Requests 1..edits of a cell, in order.
  std::vector<data::EditRequest> requests(const core::GridCell& cell);
  /// Requests 1..num_edits, whatever number the config asks for.
  std::vector<data::EditRequest> requests(const core::GridCell& cell, std::int64_t num_edits);

  /// Makes the sweep's folder, unless it was there once: one that has vanished (removed, or its file system was taken
  /// away) is not made again with a part of its files. Throws `core::StorageError`.
  void make_root();
  /// `make_root`, the folders between it and `folder`, and `ledger::commit_file`.
  ledger::CommittedFile commit_file(const std::filesystem::path& folder, std::string_view stem,
                                    const ledger::FileWriter& write, std::string_view extension = ".h5");

  /// To be called before an input is read: throws `core::DataError` if it is no longer what identities were made from.
  void confirm_input(const std::filesystem::path& path) { digests_.confirm(path); }
  /// Remembers digests of inputs in the sweep's folder; only the planning process calls this.
  void save_digests();
  /// When a cell has collapsed. Another rule than the one that there is serves tests, whose cells are short.
  [[nodiscard]] const core::CollapseRule& collapse_rule() const { return collapse_rule_; }
  void set_collapse_rule(const core::CollapseRule& rule) { collapse_rule_ = rule; }

  /// What names a cell's folder and stands in its files. For `kResults` throws `core::StorageError` where nothing is
  /// committed.
  const std::string& edit_identity(const core::GridCell& cell);
  /// Folder of a cell's files under its edit identity.
  std::filesystem::path cell_folder(const core::GridCell& cell);

 private:
  core::ExperimentConfig config_;
  ledger::SweepFolder folder_;
  bool has_folder_ = false;  ///< it was there once
  Purpose purpose_;
  core::CollapseRule collapse_rule_;
  InputDigests digests_;
  std::optional<std::vector<data::EditRequest>> records_;
  std::optional<std::map<int, std::vector<std::int64_t>>> samples_;
  std::optional<Findings> findings_;
  std::optional<CommittedResults> results_;
  std::map<core::GridCell, std::string> committed_identities_;
  std::map<std::string, ModelInputs> model_inputs_;
  std::shared_ptr<const LoadedModel> model_;
  std::map<int, std::shared_ptr<const editing::MomentFactor>> factors_;  ///< of `model_`, by layer
  std::optional<model::Network> padded_;                                 ///< of `model_`, with a class more

  const Findings& findings();
  const std::vector<data::EditRequest>& records();
  const std::vector<std::int64_t>& order(int sample);
};

/// Keeps freed memory in this process; executors call it once at their start.
void keep_freed_memory();

/// Fixes compute threads and numerics (no TF32; on a GPU sums in a fixed order) of this process as the config says
/// (design C1, C7). Call it before anything uses the device.
void configure_numerics(const core::ExperimentConfig& config);

}  // namespace lethe::worker
