#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "report/disabling_cases.h"

// The sweep of single edits that `lethe diagnose disabling` runs: an experiment of its own, a sample order a case.

namespace lethe::report {

/// What is asked for. Methods and models left out: `kDisablingMethods` and their variants, all models.
struct DisablingOptions {
  std::optional<std::filesystem::path> out;    ///< default: <sweep>-disabling, else runs/<config name>-disabling
  std::optional<std::filesystem::path> sweep;  ///< where edits are found; default without cases: runs/<config name>
  std::vector<std::int64_t> cases;             ///< named
  std::int64_t num_largest = 0;                ///< of the sweep's updates, for each method and model; 0: behind points
  std::vector<std::string> methods, models;
  std::int64_t num_normal = 50;
  std::optional<std::uint64_t> seed;  ///< default: the config's
};
inline constexpr const char* kDisablingMethods[] = {"rome", "r-rome", "memit"};

/// Files of the folder that make it one of single edits, beside those of every sweep.
inline constexpr const char* kSelectionFile = "selection.json";
inline constexpr const char* kOrdersFile = "samples.json";
inline constexpr const char* kConfigFile = "config.json";  ///< resolved: `lethe sweep` takes it

/// Where single edits of a sweep's points are made unless another folder is asked for: <sweep>-disabling, beside it.
std::filesystem::path single_edits_folder(const std::filesystem::path& sweep);
/// The folder that the options mean.
std::filesystem::path disabling_folder(const core::ExperimentConfig& config, const DisablingOptions& options);

/// The selected cases that the options mean. Reads the data set, and the sweep's committed files where edits are found
/// there. Throws `core::ConfigError` naming what is missing: a case without a record, a sweep without a point or
/// without norms, too few cases to draw from.
Selection select_cases(const core::ExperimentConfig& config, const DisablingOptions& options,
                       const core::MethodCatalogue& methods);

/// `config` with a cell of one edit for each method, model and selected case, whose sample number is the case id, so
/// that a selection can grow without an edit made again. Orders are read from `folder`. Throws `core::ConfigError` for
/// methods and models that the config has not, and ids that are no sample numbers.
core::ExperimentConfig single_edit_experiment(const core::ExperimentConfig& config, const DisablingOptions& options,
                                              const Selection& selection, const std::filesystem::path& folder);

/// Chooses, and writes selection, orders and config into the folder, which it owns for that time, unless they are there
/// already. Second moments, projectors, editors and unedited answers of the sweep that edits were found in are linked
/// into it, or copied. Returns the folder. Throws as above, `core::ConfigError` for a folder of another sweep, and
/// `core::OwnedError` for one at work.
std::filesystem::path prepare_single_edits(const core::ExperimentConfig& config, const DisablingOptions& options,
                                           const core::MethodCatalogue& methods);

}  // namespace lethe::report
