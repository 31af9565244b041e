#include "report/disabling.h"

#include <algorithm>
#include <cstdio>
#include <tuple>

#include <spdlog/fmt/fmt.h>

#include "core/exit_code.h"
#include "ledger/commit.h"
#include "ledger/real_folder.h"
#include "ledger/sweep_folder.h"
#include "ledger/temporary_file.h"
#include "report/disabling_page.h"
#include "report/disabling_results.h"
#include "report/latex_tables.h"

namespace lethe::report {
namespace {

namespace fs = std::filesystem;

bool is_whole(const SingleEdits& group) { return std::ranges::all_of(group.edits, &SingleEdit::is_measured); }

}  // namespace

int report_single_edits(const fs::path& root, const core::MethodCatalogue& methods) {
  const auto edits = read_single_edits(root, methods);
  const auto& [groups, selection, remarks] = std::tie(edits.groups, edits.selection, edits.remarks);
  const auto report = ledger::RealFolder::make(ledger::SweepFolder(edits.root).report());
  ledger::remove_stale_temporaries(report.path());
  ledger::replace_text(report.path() / "disabling.csv", disabling_csv(groups));
  ledger::replace_text(report.path() / "disabling-ratios.csv", disabling_ratios_csv(groups, selection.seed));
  const Page page = disabling_page(edits.config.name, groups, selection, remarks);
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
