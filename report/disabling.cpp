#include "report/disabling.h"

#include <algorithm>
#include <cstdio>

#include <spdlog/fmt/fmt.h>

#include "core/contract/inspection.h"
#include "core/exit_code.h"
#include "core/file_text.h"
#include "ledger/commit.h"
#include "ledger/real_folder.h"
#include "ledger/sweep_folder.h"
#include "ledger/temporary_file.h"
#include "report/disabling_experiment.h"
#include "report/disabling_page.h"
#include "report/latex_tables.h"

namespace lethe::report {
namespace {

namespace fs = std::filesystem;

bool is_whole(const SingleEdits& group) { return std::ranges::all_of(group.edits, &SingleEdit::is_measured); }

}  // namespace

int report_single_edits(const fs::path& root, const core::MethodCatalogue& methods) {
  const ledger::SweepFolder folder(fs::absolute(root));
  const auto selection_file = folder.root() / kSelectionFile;
  const auto selection = selection_from_json(core::text_of_file(selection_file), selection_file.string());
  const auto config = core::read_experiment_config(folder.experiment(), methods);
  IdentityChoice choice(core::read_inspection(folder.inspection()));
  Remarks remarks;
  RemarkList all_remarks(remarks);
  std::vector<CellHistory> histories;
  for (const core::GridCell& cell : config.cells) {
    histories.push_back(load_cell_history(folder, config, cell, choice));
    all_remarks.add(histories.back().remarks);
  }
  const auto groups = single_edits_of(histories, selection);
  const auto report = ledger::RealFolder::make(folder.report());
  ledger::remove_stale_temporaries(report.path());
  ledger::replace_text(report.path() / "disabling.csv", disabling_csv(groups));
  ledger::replace_text(report.path() / "disabling-ratios.csv", disabling_ratios_csv(groups, selection.seed));
  const Page page = disabling_page(config.name, groups, selection, remarks);
  ledger::replace_text(report.path() / "disabling.md", markdown_of(page));
  ledger::replace_text(report.path() / "disabling.tex", latex_tables(page, "disabling"));
  std::string text;
  for (const SingleEdits& group : groups) {
    text += fmt::format("{} on {}: {}\n", group.method, group.model, disabling_sentence(group));
  }
  for (const std::string& one : remarks.left_out) text += "left out: " + one + "\n";
  text += "summary  " + (report.path() / "disabling.md").string() + "\n";
  text += "tables   " + (report.path() / "disabling.tex").string() + "\n";
  text += "edits    " + (report.path() / "disabling.csv").string() + "\n";
  text += "ratios   " + (report.path() / "disabling-ratios.csv").string() + "\n";
  std::fputs(text.c_str(), stdout);
  const bool is_all_there = remarks.left_out.empty() && std::ranges::all_of(groups, is_whole);
  return is_all_there ? core::kExitDone : core::kExitFailed;
}

}  // namespace lethe::report
