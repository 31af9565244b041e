#include "report/monitor_page.h"

#include <cmath>
#include <string>

#include <spdlog/fmt/fmt.h>

namespace lethe::report {
namespace {

/// A perplexity beyond the numbers is a finding, not a gap.
std::string four_digits(double value) {
  if (std::isinf(value)) return "> 1e308";
  return std::isnan(value) ? "–" : fmt::format("{:.4g}", value);
}

Table norm_table(std::span<const CellHistory> histories) {
  Table table{
      "monitor-norms",
      "Edited weights after the last edits at which they were measured. Spectral ratio: the largest singular value "
      "of the weight's change over that of the unedited weight. Growth: the weight's Frobenius norm over the "
      "unedited one's.",
      {"cell", "weight", "edits", "spectral ratio", "of the change", "of the unedited weight", "growth"},
      {},
      2,
      2};
  for (const CellHistory& history : histories) {
    if (history.monitor.empty()) continue;
    const MonitorPoint& last = history.monitor.back();
    for (const core::NormRecord& norms : last.norms) {
      table.rows.push_back({history.cell.name(), norms.parameter, std::to_string(last.edits),
                            four_digits(spectral_ratio(norms)), four_digits(norms.update_spectral),
                            four_digits(norms.base_spectral), four_digits(norms.frobenius / norms.base_frobenius)});
    }
  }
  return table;
}

Table perplexity_table(std::span<const CellHistory> histories) {
  Table table{"monitor-perplexity",
              "Perplexity of a fixed text, of the unedited model and of the one after the last edits at which it was "
              "asked; tokens: those of the text that are predicted.",
              {"cell", "text", "edits", "tokens", "perplexity"},
              {},
              2,
              2};
  for (const CellHistory& history : histories) {
    if (history.monitor.empty() || !history.monitor.back().has_text()) continue;
    const MonitorPoint& last = history.monitor.back();
    table.rows.push_back({history.cell.name(), history.monitor_text, std::to_string(last.edits),
                          std::to_string(last.num_tokens),
                          four_digits(last.unedited_perplexity) + " → " + four_digits(last.perplexity)});
  }
  return table;
}

}  // namespace

Page monitor_section(std::span<const CellHistory> histories) {
  Page page;
  for (Table table : {norm_table(histories), perplexity_table(histories)}) {
    if (!table.rows.empty()) page.emplace_back(std::move(table));
  }
  if (!page.empty()) page.insert(page.begin(), Heading{2, "Monitor"});
  return page;
}

}  // namespace lethe::report
