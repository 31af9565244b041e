#include "orchestrator/ledger_view.h"

#include <algorithm>

namespace lethe::orchestrator {

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
  return std::ranges::all_of(facts.moments_layers,
                             [&](int layer) { return std::ranges::find(layers, layer) != layers.end(); });
}

bool FolderLedgerView::has_editor(const core::ModelFacts& facts) const {
  const auto files = ledger::committed_files(folder_.editor(facts.name, facts.editor_identity));
  return std::ranges::any_of(files, [](const auto& file) { return file.stem == ledger::kEditorStem; });
}

bool FolderLedgerView::has_baseline(const core::ModelFacts& facts) const {
  const auto files = ledger::committed_files(folder_.baseline(facts.name, facts.baseline_identity));
  return std::ranges::any_of(files, [](const auto& file) { return file.stem == ledger::kBaselineStem; });
}

}  // namespace lethe::orchestrator
