#include "report/all_edits_table.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "report/all_edits.h"

namespace lethe::report {
namespace {

/// "98.1 / 90.0 / 75.4", percent.
std::string triple(const core::EditScores& scores, std::span<double core::EditScores::*const> fields) {
  std::string text;
  for (const auto field : fields) text += (text.empty() ? "" : " / ") + number(100.0 * scores.*field);
  return text;
}

}  // namespace

Table all_edits_table(std::span<const CellHistory> histories) {
  using core::EditScores;
  constexpr double EditScores::*kLikelier[] = {&EditScores::efficacy, &EditScores::paraphrase,
                                               &EditScores::neighborhood};
  constexpr double EditScores::*kExact[] = {&EditScores::efficacy_accuracy, &EditScores::paraphrase_accuracy};
  constexpr double EditScores::*kTokens[] = {&EditScores::efficacy_token_accuracy,
                                             &EditScores::paraphrase_token_accuracy};
  Table table{
      "all-edits",
      "All prompts of all edits asked of the model after the last of them, percent; unedited: the same prompts "
      "asked of the model before any edit.",
      {"cell", "edits", "ES / PS / NS", "score", "exact match", "token accuracy", "locality", "unedited ES / PS / NS"},
      {},
      1};
  for (const CellHistory& history : histories) {
    if (history.all_edits.empty()) continue;
    const AllEditsPoint& last = history.all_edits.back();
    std::vector<double> percents;
    for (const auto field : kLikelier) percents.push_back(100.0 * last.edited.*field);
    const bool has_all = std::ranges::none_of(percents, [](double value) { return std::isnan(value); });
    table.rows.push_back({history.cell.name(), std::to_string(last.edits), triple(last.edited, kLikelier),
                          number(has_all ? core::harmonic_mean(percents) : std::nan("")), triple(last.edited, kExact),
                          triple(last.edited, kTokens), number(100.0 * last.locality),
                          triple(last.unedited, kLikelier)});
  }
  return table;
}

}  // namespace lethe::report
