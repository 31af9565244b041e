#include "report/comparison_page.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <spdlog/fmt/fmt.h>

#include "core/config/config_difference.h"
#include "report/csv_text.h"
#include "report/paired_interval.h"

namespace lethe::report {
namespace {

constexpr const char* kHowCompared[] = {
    "A cell is compared with the cell of the same method, model and sample of the other sweep, both as far as both "
    "have "
    "come: scores of the edits that both have made, points at numbers of edits that both have. *Edits* says how many "
    "edits a number is of.",
    "**Difference** is the mean over samples of the second sweep's number less the first one's, sample by sample; "
    "scores, forgetting and F1 in percentage points. Behind facts forgotten *n* says of how many: those known right "
    "after "
    "their edit, over all of these samples. *Samples* are those that have the number in both sweeps, of "
    "those that both have edited.",
    "**95 % interval**: percentiles 2.5 and 97.5 of 10,000 resamples of the samples, each with both of its numbers "
    "(paired bootstrap, seed 37). A sample is the unit, because the edits of a run are made of one model after the "
    "other and share its fate; that the facts and their order are the same makes the pairs closer, and no further "
    "draws. Of few samples such intervals are too narrow, of two they are the two differences.",
    "Of **one sample** there is an interval where both runs edit the same facts in the same order, of scores alone: "
    "blocks of neighbouring edits are resampled, as long as the root of their number. It holds for these facts in this "
    "order, and says nothing of other orders. Without the same order there is none.",
    "Of twenty quantities that differ in nothing, one interval in the mean leaves out 0.",
    "**After each edit**, **after all edits**, **forgotten**, **F1**: as in the tables of each sweep. F1 is of the "
    "tasks "
    "that both were asked alike. **Normalised distance** is the Frobenius norm of a weight's change over its number of "
    "weights, of several the mean. **Edit by which it breaks**: the end of the interval in which the point of "
    "catastrophic forgetting lies, of the samples in which both sweeps have one, however far each has come.",
};

std::string value_text(const QuantityComparison& row, double value) {
  if (!row.is_small) return number(value);
  return std::isfinite(value) ? fmt::format("{:.3e}", value) : "–";
}

/// A share with what it is of, where that is facts known: "92.8 (n 3942)".
std::string mean_text(const QuantityComparison& row, double value, std::int64_t num_known) {
  return value_text(row, value) + (num_known == 0 ? "" : fmt::format(" (n {})", num_known));
}

/// With a sign, but for nothing.
std::string signed_text(const QuantityComparison& row, double value) {
  auto text = value_text(row, value);
  if (!std::isfinite(value)) return text;
  const bool is_nothing =
      std::ranges::all_of(text.substr(0, text.find('e')), [](char c) { return c == '-' || c == '.' || c == '0'; });
  if (is_nothing) return text.front() == '-' ? text.substr(1) : text;
  return value > 0.0 ? "+" + text : text;
}

std::string edits_text(const QuantityComparison& row) {
  if (row.num_samples == 0) return "–";
  const auto most = std::to_string(row.at_most);
  return row.at_least == row.at_most ? most : std::to_string(row.at_least) + " to " + most;
}

std::string interval_text(const QuantityComparison& row) {
  if (row.resampled == Resampled::kNothing) return row.num_samples == 1 ? "– (one sample)" : "–";
  const auto text = signed_text(row, row.interval.low) + " to " + signed_text(row, row.interval.high);
  return row.resampled == Resampled::kEdits ? text + fmt::format(" (blocks of {} edits)", row.block) : text;
}

Table quantities_table(const SweepComparison& comparison, std::size_t place) {
  Table table{place == 0 ? "comparison" : fmt::format("comparison-{}", place + 1),
              as_text(fmt::format("{} beside {}: means over the samples that both have, difference ({} less {}).",
                                  comparison.second, comparison.first, comparison.second, comparison.first)),
              {"method", "model", "quantity", "edits", comparison.first, comparison.second, "difference",
               "95 % interval", "samples"},
              {},
              3,
              3};
  for (const QuantityComparison& row : comparison.quantities) {
    table.rows.push_back({row.method, row.model, row.title, edits_text(row), mean_text(row, row.first, row.first_known),
                          mean_text(row, row.second, row.second_known), signed_text(row, row.difference),
                          interval_text(row), fmt::format("{} of {}", row.num_samples, row.num_cells)});
  }
  return table;
}

/// What is paired, in sentences.
List pairing_of(const SweepComparison& comparison) {
  List list;
  const auto num_pairs = comparison.same_facts.size() + comparison.other_facts.size();
  const auto add = [&](const std::string& text) { list.items.push_back(as_message(text)); };
  if (num_pairs == 0) add("no cell of both is edited: nothing is compared");
  if (!comparison.same_facts.empty()) {
    add(fmt::format("{} of {} cells edit the same facts in the same order in both, as far as both have come",
                    comparison.same_facts.size(), num_pairs));
  }
  if (!comparison.unknown_records.empty()) {
    add("by their case ids alone, because an inspection.json does not tell the records behind them, in: " +
        core::first_names(comparison.unknown_records));
  }
  if (!comparison.other_facts.empty()) {
    add("other facts, or another order, in: " + core::first_names(comparison.other_facts));
  }
  if (!comparison.other_records.empty()) {
    add("of these the same case ids in the same order, but not the same records: prompts or targets differ, or "
        "what the sample has further on, in: " +
        core::first_names(comparison.other_records));
  }
  if (!comparison.same_edits.empty()) {
    add(fmt::format(
        "{} of {} cells have the same edit identity in both: the same weights, records and settings, so that "
        "only the machine, its libraries or chance in them can make a difference",
        comparison.same_edits.size(), num_pairs));
  }
  if (!comparison.not_edited.empty()) {
    add("not compared, because one of the sweeps has no edits of it yet: " + core::first_names(comparison.not_edited));
  }
  for (const auto& note : comparison.notes) add(note);
  return list;
}

const char* word_for(Resampled resampled) {
  constexpr const char* kWords[] = {"", "samples", "edits"};
  return kWords[static_cast<std::size_t>(resampled)];
}

/// Empty where there is nothing to count.
std::string count_field(std::int64_t count) { return count > 0 ? std::to_string(count) : ""; }

std::string names_of(const SweepComparison& comparison) {
  return csv_quoted(comparison.first) + "," + csv_quoted(comparison.second);
}

}  // namespace

std::string comparison_csv(std::span<const SweepComparison> comparisons) {
  std::string text =
      "first,second,method,model,quantity,edits_least,edits_most,samples,common_samples,first_mean,second_mean,"
      "difference,low,high,resampled,block_edits,first_known,second_known\n";
  for (const SweepComparison& one : comparisons) {
    for (const QuantityComparison& row : one.quantities) {
      const bool is_there = row.num_samples > 0;
      text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", names_of(one), row.method, row.model,
                          row.quantity, is_there ? std::to_string(row.at_least) : "",
                          is_there ? std::to_string(row.at_most) : "", row.num_samples, row.num_cells,
                          csv_field(row.first), csv_field(row.second), csv_field(row.difference),
                          csv_field(row.interval.low), csv_field(row.interval.high), word_for(row.resampled),
                          count_field(static_cast<std::int64_t>(row.block)), count_field(row.first_known),
                          count_field(row.second_known));
    }
  }
  return text;
}

std::string differences_csv(std::span<const SweepComparison> comparisons) {
  std::string text = "first,second,method,model,metric,edits,samples,first_mean,second_mean,difference,low,high\n";
  for (const SweepComparison& one : comparisons) {
    for (const DifferenceCurve& curve : one.curves) {
      const auto begin = fmt::format("{},{},{},{},", names_of(one), curve.method, curve.model, curve.metric);
      for (const DifferencePoint& point : curve.points) {
        text += fmt::format("{}{},{},{},{},{},{},{}\n", begin, point.edits, point.num_samples, csv_field(point.first),
                            csv_field(point.second), csv_field(point.difference), csv_field(point.interval.low),
                            csv_field(point.interval.high));
      }
    }
  }
  return text;
}

Page comparison_section(std::span<const SweepComparison> comparisons) {
  Page page;
  for (std::size_t i = 0; i < comparisons.size(); ++i) {
    page.emplace_back(Heading{2, as_text(fmt::format("{} beside {}", comparisons[i].second, comparisons[i].first))});
    page.emplace_back(pairing_of(comparisons[i]));
    if (!comparisons[i].quantities.empty()) page.emplace_back(quantities_table(comparisons[i], i));
  }
  page.emplace_back(Heading{2, "How sweeps are compared"});
  page.emplace_back(List{{std::begin(kHowCompared), std::end(kHowCompared)}});
  return page;
}

std::string comparison_table(const SweepComparison& comparison) { return markdown_of(quantities_table(comparison, 0)); }

}  // namespace lethe::report
