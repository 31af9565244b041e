#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/config/method_config.h"
#include "core/grid_cell.h"
#include "core/limits.h"

namespace lethe::core::inline config {

/// Where second moments of a model come from. Paths are absolute after parsing.
struct SecondMomentConfig {
  std::filesystem::path
      corpus;       ///< plain text, one document a line; or JSON lines with a `text` field (*.jsonl); empty: `npz`
  std::string npz;  ///< published files instead: their path with {layer} in place of the layer's number
  std::int64_t max_documents = 100'000;
  std::int64_t max_tokens = 0;       ///< 0: no limit; with one the pass is not cut into slices
  std::int64_t batch_tokens = 4096;  ///< positions a forward pass holds; fixed, so sums do not depend on memory
  std::int64_t documents_per_slice = 10'000;  ///< what one task sums and commits
  double memory_gb = 0.0;  ///< for running sums; layers that do not fit take further passes, same bits. 0: all at once
  [[nodiscard]] bool is_published() const { return !npz.empty(); }
  bool operator==(const SecondMomentConfig&) const = default;
};

/// Bytes of a size in gigabytes (1e9), cut at a million terabytes.
inline std::int64_t bytes_of_gb(double gb) { return static_cast<std::int64_t>(std::clamp(gb, 0.0, 1e9) * 1e9); }

/// Where the factored second moments of a model are kept, and with them where the systems of an edit's keys are solved.
enum class SecondMomentPlacement {
  kDevice,  ///< beside the model
  kHost,    ///< in the executor's host memory, by the CPU: for devices that cannot hold both
};

/// How matrices that files store in fp16 or bf16 are held in memory. Either way fp32 is computed in, with the same
/// bits.
enum class WeightsInMemory {
  kFp32,    ///< widened when the model is loaded
  kStored,  ///< as stored, widened at each use
};

struct ModelConfig {
  std::string name;
  std::filesystem::path path;  ///< Hugging Face folder
  std::optional<SecondMomentConfig> second_moments;
  std::map<std::string, MethodConfig> methods;  ///< hyper-parameters by method name, or by the label of a variant
  SecondMomentPlacement second_moment_placement = SecondMomentPlacement::kDevice;
  WeightsInMemory weights = WeightsInMemory::kFp32;
  bool operator==(const ModelConfig&) const = default;
};

/// One answer word of a downstream task; words are tried in the order given.
struct TaskAnswer {
  std::string word;  ///< as searched in the decoded text, without leading space
  int label = 0;
  bool operator==(const TaskAnswer&) const = default;
};

/// "file:line" of a part of the user's files, for messages: no part of what the config says, so all are equal.
struct ConfigPlace {
  std::string text;
  bool operator==(const ConfigPlace& /*other*/) const { return true; }
};

/// A downstream task: few-shot prefix + query, up to `max_new_tokens` greedy tokens, substring rule.
struct TaskConfig {
  std::string name;                ///< short name: "sst2", "sentiment"
  std::string title;               ///< for figures
  std::filesystem::path examples;  ///< JSON list in GLUE's field names
  std::string prefix;              ///< demonstrations, ends where the query begins
  std::string query;               ///< with {field} placeholders
  std::string marker;              ///< the answer is read after its last occurrence
  std::vector<TaskAnswer> answers;
  int max_new_tokens = 3;
  ConfigPlace answers_place;  ///< not in experiment.json
  bool operator==(const TaskConfig&) const = default;
};

/// In the place of a path of samples: the paper's ten orders.
inline constexpr const char* kPublishedSamples = "published";

struct DatasetConfig {
  std::string format = "counterfact";  ///< or "zsre": MEND's files
  std::filesystem::path records;       ///< JSON list or JSON lines
  std::filesystem::path samples;       ///< {"0": [case ids], ...}; empty: `samples: published`
  std::filesystem::path completions;   ///< zsre: completion forms of its questions; empty: none
  /// The paper's ten orders, made from the records instead of read from a file.
  [[nodiscard]] bool has_published_orders() const { return samples.empty(); }
  bool operator==(const DatasetConfig&) const = default;
};

/// A cell that an `exclude` entry took out of the grid, and which entry: "excluded by FILE:LINE:COLUMN {...}".
struct SkippedCell {
  GridCell cell;
  std::string reason;
  bool operator==(const SkippedCell&) const = default;
};

/// Everything a run depends on, validated, with absolute paths.
struct ExperimentConfig {
  std::string name;
  std::filesystem::path source;  ///< the YAML file
  Fidelity fidelity = Fidelity::kCode;
  std::string device = "cpu";  ///< "cpu" or "cuda"
  int threads = 1;  ///< compute threads per executor; from the config so that sums do not depend on rank counts
  std::uint64_t seed = 37;
  DatasetConfig dataset;
  std::vector<ModelConfig> models;
  std::vector<GridCell> cells;             ///< grid after include/exclude, in plan order
  std::vector<SkippedCell> skipped;        ///< for `plan`
  std::map<GridCell, std::int64_t> edits;  ///< edits per cell
  std::int64_t checkpoint_every = 10;
  std::int64_t forgetting_every = 10;
  std::int64_t tasks_every = 30;
  /// All prompts of all earlier edits: at multiples and after the last edit; nullopt: after the last alone; 0: never.
  std::optional<int> scores_every;
  /// Texts that the model writes about the first `texts_facts` facts of those edited so far: as `scores_every`, but 0,
  /// never, where it is not said.
  std::optional<int> texts_every = 0;
  std::int64_t texts_facts = 10;
  std::int64_t texts_tokens = 100;  ///< of a text, its prompt included
  /// Norms of the edited weights, and NLLs of the first tokens of a fixed text: as `texts_every`.
  std::optional<int> monitor_every = 0;
  std::filesystem::path monitor_text;  ///< read as a corpus is; empty: norms alone
  std::int64_t monitor_tokens = 2'000;
  /// A cell ends so many edits after its collapse is certain (`CollapseRule`); nullopt: never before its last edit.
  std::optional<int> stop_at_collapse;
  std::vector<TaskConfig> tasks;
  std::optional<int> reducers;  ///< nullopt: auto
  bool elastic_roles = true;
  int executors_per_gpu = 1;
  std::string keep_snapshots = "all";  ///< dense snapshots: "all" or "newest"
  /// What a reducer may keep of downstream prompts below the edited layers, from checkpoint to checkpoint; changes no
  /// bit.
  double reducer_cache_gb = 4.0;

  /// Both throw `ConfigError` for a name or a cell that the config does not hold.
  [[nodiscard]] const ModelConfig& model(const std::string& name) const;
  [[nodiscard]] const MethodConfig& method_of(const GridCell& cell) const;
  /// True if a cell of the grid edits the model with the method.
  [[nodiscard]] bool has_cell_of(const std::string& method, const std::string& model) const;
  bool operator==(const ExperimentConfig&) const = default;
};

/// What cells may have for a method: the catalogue's names, and the labels that models give to variants of them.
std::vector<std::string> known_methods(const ExperimentConfig& config, const MethodCatalogue& methods);

/// A model's methods by label: those that cells use, then the others.
std::vector<std::pair<std::string, const MethodConfig*>> used_first(const ExperimentConfig& config,
                                                                    const ModelConfig& model);

/// What of a config concerns one cell, or a model alone: the others' cells and models are left out. What a file of a
/// large sweep says of its origin stays small by it.
ExperimentConfig narrowed_to(ExperimentConfig config, const GridCell& cell);
ExperimentConfig narrowed_to(ExperimentConfig config, const std::string& model);

/// True if the model's factored second moments stay on the host beside a device; on the CPU both places are one.
bool keeps_factors_on_host(const ExperimentConfig& config, const ModelConfig& model);

/// Reads and validates a config and the files it names (methods, tasks; not models and data: `inspect` reads those).
/// Relative paths are relative to the file that holds them. Throws one `ConfigError`
/// whose text lists *all* problems, a line each: `file:line:column: key: expected ...; did you mean ...`.
/// `methods`: those that it may use. A *.json that lists cells is read as `experiment_config_from_json` reads it.
ExperimentConfig load_experiment_config(const std::filesystem::path& path, const MethodCatalogue& methods);

/// The resolved config as canonical JSON text (absolute paths): stored under /provenance, and what
/// executors are started with. `experiment_config_from_json` gives an equal config back, and throws `ConfigError`
/// naming the key for anything that `load_experiment_config` would not have let through.
std::string to_json(const ExperimentConfig& config);
/// `place` begins each error.
ExperimentConfig experiment_config_from_json(const std::string& text, const MethodCatalogue& methods,
                                             const std::string& place = "experiment.json");
/// The same of a sweep folder's experiment.json. Throws `StorageError` with path and remedy.
ExperimentConfig read_experiment_config(const std::filesystem::path& path, const MethodCatalogue& methods);

}  // namespace lethe::core::inline config
