#include "worker/commands/outside_cells.h"

#include <algorithm>
#include <map>

#include "core/error.h"
#include "storage/segment.h"
#include "worker/commands/cell_check.h"
#include "worker/commands/file_checks.h"
#include "worker/commands/sweep_files.h"

namespace lethe::worker::inline commands {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIsOutside = ": is no cell of this experiment";

/// Folders of results, one a setting, by the cells that the grid does not hold.
std::map<core::GridCell, std::vector<fs::path>> outside_cells(const fs::path& root,
                                                              const core::ExperimentConfig& config) {
  std::map<core::GridCell, std::vector<fs::path>> cells;
  for (const auto& folder : committed_folders(root)) {
    if (*folder.lexically_relative(root).begin() != "cells") continue;
    try {
      auto cell = core::GridCell::from_name(folder.parent_path().lexically_relative(root / "cells").string());
      if (!config.edits.contains(cell)) cells[std::move(cell)].push_back(folder);
    } catch (const core::ConfigError&) {  // no cell's place: its files are told one by one
    }
  }
  return cells;
}

bool can_be_rebuilt(const core::ExperimentConfig& config, const core::GridCell& cell) {
  const auto model = std::ranges::find(config.models, cell.model, &core::ModelConfig::name);
  return model != config.models.end() && model->methods.contains(cell.method);
}

/// What segments say of each other; nobody says what their edits start from.
void check_chain(const core::GridCell& cell, const fs::path& folder, const std::set<fs::path>& flawed,
                 Verification& result) {
  std::map<std::string, core::Digest> before;
  for (const auto& segment : ledger::scan_cell(folder).segments) {
    if (flawed.contains(segment.file.path)) return;
    try {
      const auto label =
          storage::segment_label(cell, folder.filename().string(), segment.first_edit, segment.last_edit);
      const auto contents = storage::read_segment(segment.file, label);
      if (!before.empty()) check_joint(segment.file.path, before, contents, result);
      before = contents.fingerprint_after;
    } catch (const core::Error& error) {
      result.problems.emplace_back(error.what());
      return;
    }
  }
}

}  // namespace

void check_outside_cells(Workspace& workspace, Thoroughness thoroughness, const std::set<fs::path>& flawed,
                         TaskMonitor& monitor, Verification& result) {
  const auto& root = workspace.folder().root();
  const auto cells = outside_cells(root, workspace.config());
  if (cells.empty()) return;
  auto config = workspace.config();
  for (const auto& [cell, folders] : cells) {
    if (folders.size() > 1 || !can_be_rebuilt(config, cell)) continue;
    const auto num_edits = ledger::scan_cell(folders.front()).num_edits();
    if (num_edits == 0) continue;
    config.cells.push_back(cell);
    config.edits[cell] = num_edits;
  }
  Workspace wider(std::move(config), root, Purpose::kResults);
  for (const auto& [cell, folders] : cells) {
    if (result.is_stopped) return;
    for (const auto& folder : folders) check_gaps(ledger::scan_cell(folder), Mending::kOwnSweep, result);
    if (thoroughness == Thoroughness::kDigests) {
      result.remarks.push_back(cell.name() + kIsOutside + "; its files were looked at all the same");
    } else if (wider.config().edits.contains(cell)) {
      result.remarks.push_back(cell.name() + kIsOutside + "; it was checked all the same");
      check_cell(wider, cell, flawed, monitor, result);
    } else {
      for (const auto& folder : folders) check_chain(cell, folder, flawed, result);
      result.not_checked.push_back(cell.name() + kIsOutside +
                                   (folders.size() > 1 ? ", and holds results of several settings"
                                                       : ", which has not its model or its method's settings either") +
                                   ": its edits were not replayed, only its files looked at");
    }
  }
}

}  // namespace lethe::worker::inline commands
