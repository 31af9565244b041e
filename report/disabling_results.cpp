#include "report/disabling_results.h"

#include <system_error>

#include "core/error.h"
#include "core/file_text.h"
#include "ledger/sweep_folder.h"
#include "report/disabling_experiment.h"

namespace lethe::report {
namespace {

Selection read_selection(const std::filesystem::path& root) {
  const auto path = root / kSelectionFile;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    throw core::StorageError(root.string() + ": holds no single edits of `lethe diagnose disabling` (no " +
                             kSelectionFile + ")");
  }
  return selection_from_json(core::text_of_file(path), path.string());
}

}  // namespace

SingleEditResults read_single_edits(const std::filesystem::path& root, const core::MethodCatalogue& methods) {
  const ledger::SweepFolder folder(std::filesystem::absolute(root));
  SingleEditResults results;
  results.root = folder.root();
  results.selection = read_selection(folder.root());
  results.config = core::read_experiment_config(folder.experiment(), methods);
  results.inspection = core::read_inspection(folder.inspection());
  IdentityChoice choice(results.inspection);
  RemarkList remarks(results.remarks);
  std::vector<CellHistory> histories;
  for (const core::GridCell& cell : results.config.cells) {
    histories.push_back(load_cell_history(folder, results.config, cell, choice));
    remarks.add(histories.back().remarks);
    results.num_complete += histories.back().is_complete() ? 1 : 0;
  }
  results.groups = single_edits_of(histories, results.selection);
  return results;
}

}  // namespace lethe::report
