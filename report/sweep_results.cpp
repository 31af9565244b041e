#include "report/sweep_results.h"

#include <span>

#include "core/error.h"
#include "ledger/sweep_folder.h"
#include "report/cell_curves.h"
#include "report/consistency.h"
#include "report/disabling_page.h"
#include "report/edited_subjects.h"
#include "report/identity_choice.h"
#include "report/monitor_page.h"
#include "report/prerequisite_list.h"
#include "report/properties_page.h"
#include "report/summary_page.h"
#include "report/texts_page.h"

namespace lethe::report {
namespace {

/// What the newest run named; nothing, with a note, where it left nothing that can be read.
std::optional<core::Inspection> read_inspection(const ledger::SweepFolder& folder, Remarks& remarks) {
  try {
    auto inspection = core::read_inspection(folder.inspection());
    if (!inspection) {
      remarks.notes.emplace_back(
          "inspection.json is not there: what lies alone in its folder was taken for this "
          "experiment's; `lethe sweep` writes it");
    }
    return inspection;
  } catch (const core::StorageError& error) {
    remarks.notes.push_back(std::string(error.what()) +
                            ". What lies alone in its folder was taken for this experiment's");
    return std::nullopt;
  }
}

}  // namespace

SweepResults read_sweep(const std::filesystem::path& root, const core::MethodCatalogue& methods,
                        const std::set<std::string>& identities, const ReferenceFiles* references) {
  const ledger::SweepFolder folder(std::filesystem::absolute(root));
  SweepResults sweep;
  sweep.root = folder.root();
  sweep.config = core::read_experiment_config(folder.experiment(), methods);
  sweep.inspection = read_inspection(folder, sweep.remarks);
  IdentityChoice choice(sweep.inspection, identities);
  RemarkList remarks(sweep.remarks);
  for (const core::GridCell& cell : sweep.config.cells) {
    sweep.histories.push_back(load_cell_history(folder, sweep.config, cell, choice));
    remarks.add(sweep.histories.back().remarks);
    sweep.phases.push_back(phases_of(sweep.histories.back()));
  }
  if (references != nullptr) add_consistency(sweep.histories, *references, sweep.config.dataset, sweep.remarks);
  for (std::size_t i = 0; i < sweep.histories.size(); ++i) {
    for (auto& curve : cell_curves(sweep.histories[i], sweep.config)) sweep.curves.push_back(std::move(curve));
    for (auto& curve : phase_curves(sweep.phases[i])) sweep.curves.push_back(std::move(curve));
  }
  sweep.not_found = choice.not_found();
  sweep.subjects = edited_subjects(sweep.histories, sweep.phases, sweep.config.dataset, sweep.remarks);
  return sweep;
}

Page page_of(const SweepResults& sweep) {
  Page sections = phases_section(sweep.phases, sweep.subjects);
  std::span<const SingleEdits> single_edits;
  if (sweep.single_edits) {
    single_edits = sweep.single_edits->groups;
    append(sections, disabling_section(*sweep.single_edits, sweep.root));
  }
  append(sections, properties_section(sweep.histories, sweep.phases, single_edits));
  append(sections, texts_section(sweep.histories, sweep.phases));
  append(sections, monitor_section(sweep.histories));
  return summary_page(sweep.config, sweep.histories, sections, prerequisite_list(sweep.inspection, sweep.root),
                      sweep.remarks);
}

}  // namespace lethe::report
