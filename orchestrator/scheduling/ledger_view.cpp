#include "orchestrator/scheduling/ledger_view.h"

#include <algorithm>
#include <map>

namespace lethe::orchestrator::inline scheduling {

CellLedger FolderLedgerView::cell(const core::CellFacts& facts) const {
  const auto files = ledger::scan_cell(folder_.cell(facts.cell, facts.edit_identity));
  CellLedger ledger;
  ledger.num_edits = files.num_edits();
  for (const auto& reduction : files.reductions) {
    const auto identity = facts.reduction_identities.find(std::string(core::to_string(reduction.part)));
    if (identity != facts.reduction_identities.end() && identity->second == reduction.identity) {
      ledger.reductions.emplace(reduction.edits, reduction.part);
    }
  }
  return ledger;
}

bool FolderLedgerView::has_moments(const core::ModelFacts& facts) const {
  const auto layers = ledger::committed_moment_layers(folder_.moments(facts.name, facts.moments_identity));
  const bool are_all_there = std::ranges::all_of(
      facts.moments_layers, [&](int layer) { return std::ranges::find(layers, layer) != layers.end(); });
  return are_all_there &&
         ledger::committed_moment_slices(folder_.moment_slices(facts.name, facts.moments_identity)).empty();
}

std::set<std::int64_t> FolderLedgerView::moment_slices(const core::ModelFacts& facts) const {
  const auto there = ledger::committed_moment_layers(folder_.moments(facts.name, facts.moments_identity));
  std::map<std::int64_t, std::size_t> num_layers;
  for (const auto& file : ledger::committed_moment_slices(folder_.moment_slices(facts.name, facts.moments_identity))) {
    const bool is_needed = std::ranges::find(facts.moments_layers, file.layer) != facts.moments_layers.end() &&
                           std::ranges::find(there, file.layer) == there.end();
    if (is_needed) ++num_layers[file.slice];
  }
  const auto num_missing = static_cast<std::size_t>(std::ranges::count_if(
      facts.moments_layers, [&](int layer) { return std::ranges::find(there, layer) == there.end(); }));
  std::set<std::int64_t> slices;
  for (const auto& [slice, count] : num_layers) {
    if (count == num_missing) slices.insert(slice);
  }
  return slices;
}

bool FolderLedgerView::has_editor(const core::ModelFacts& facts) const {
  const auto files = ledger::committed_files(folder_.editor(facts.name, facts.editor_identity));
  return std::ranges::any_of(files, [](const auto& file) { return file.stem == ledger::kEditorStem; });
}

bool FolderLedgerView::has_baseline(const core::ModelFacts& facts) const {
  const auto files = ledger::committed_files(folder_.baseline(facts.name, facts.baseline_identity));
  return std::ranges::any_of(files, [](const auto& file) { return file.stem == ledger::kBaselineStem; });
}

}  // namespace lethe::orchestrator::inline scheduling
