#include "worker/commands/cell_record.h"

#include <algorithm>

#include "core/config/config_difference.h"
#include "core/contract/inspection.h"
#include "core/error.h"
#include "core/log.h"
#include "editing/methods/catalogue.h"
#include "ledger/durable_file.h"

namespace lethe::worker::inline commands {
namespace {

/// nullopt where no run was, or what it was asked for cannot be read.
std::optional<core::ExperimentConfig> former_config(const ledger::SweepFolder& folder) {
  try {
    return core::read_experiment_config(folder.experiment(), editing::catalogue());
  } catch (const core::StorageError&) {
    return std::nullopt;
  }
}

const core::CellFacts* find_cell(const std::optional<core::Inspection>& inspection, const core::GridCell& cell) {
  if (!inspection) return nullptr;
  const auto found = std::ranges::find(inspection->cells, cell, &core::CellFacts::cell);
  return found == inspection->cells.end() ? nullptr : &*found;
}

/// What the folder says of a cell that another run of more cells left out, or has with other edits; empty: it is as the
/// config has it.
std::string trouble_with(const core::ExperimentConfig& former, const std::optional<core::Inspection>& inspection,
                         const core::ExperimentConfig& config, const core::CellFacts& facts) {
  const auto known = former.edits.find(facts.cell);
  if (known == former.edits.end()) return "and not this one";
  const auto wanted = config.edits.at(facts.cell);
  if (known->second != wanted) {
    return "and this one with " + std::to_string(known->second) + " edits, not " + std::to_string(wanted);
  }
  const auto* committed = find_cell(inspection, facts.cell);
  if (committed != nullptr && committed->edit_identity != facts.edit_identity)
    return "and this one with other settings";
  return {};
}

void tell_other_keys(const core::ExperimentConfig& former, const core::ExperimentConfig& config,
                     const std::filesystem::path& path) {
  std::vector<std::string> keys;
  for (const auto& difference : core::key_differences(former, config)) keys.push_back(difference.key);
  if (keys.empty()) return;
  core::log_warning(path.string() + ": stays, since it is of more cells, and readers go by it; the config has other " +
                    core::first_names(keys));
}

}  // namespace

void record_cell_run(Workspace& workspace, const core::GridCell& cell) {
  const auto& config = workspace.config();
  const auto& facts = workspace.facts();
  const auto path = workspace.folder().experiment();
  const auto inspection_path = workspace.folder().inspection();
  const auto former = former_config(workspace.folder());
  const auto inspection = core::known_inspection(inspection_path);
  const auto missing = former ? core::grid_difference(*former, config).only_one : std::vector<std::string>{};
  const auto trouble = former ? trouble_with(*former, inspection, config, facts.cell(cell)) : std::string("nothing");
  if (missing.empty()) {
    const auto text = core::to_json(config);
    if (trouble.empty() && inspection && core::to_json(*former) == text) return;
    ledger::replace_text(path, text);
    ledger::replace_text(inspection_path, core::to_json(facts));
    return;
  }
  if (!trouble.empty()) {
    throw core::ConfigError(path.string() + ": the run before has " + core::first_names(missing) + ", " + trouble +
                            ": " + cell.name() +
                            " would be shown by no reader; name a config with all of these cells, or another --out");
  }
  tell_other_keys(*former, config, path);
}

}  // namespace lethe::worker::inline commands
