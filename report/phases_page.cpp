#include "report/phases_page.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <spdlog/fmt/fmt.h>

#include "report/csv_text.h"

namespace lethe::report {
namespace {

constexpr const char* kObserved = "observed";
constexpr const char* kNoneObserved = "none observed";
constexpr const char* kNotJudged = "not judged";
constexpr double kMostToldConfidence = 0.999;

std::string field(double value) { return csv_field(value); }
std::string field(const std::optional<std::int64_t>& value) { return value ? std::to_string(*value) : ""; }
std::string field(const std::optional<Rate>& rate) {
  if (!rate) return ",,,";
  return fmt::format("{},{},{},{}", field(rate->value), field(rate->low), field(rate->high), rate->until);
}

std::string subject_of(std::int64_t case_id, const Subjects& subjects) {
  const auto found = subjects.find(case_id);
  return found == subjects.end() ? "" : found->second;
}

const char* verdict_of(const CellPhases& cell) {
  if (cell.point) return kObserved;
  return cell.is_judged() ? kNoneObserved : kNotJudged;
}

std::string joined(const std::vector<std::string>& words, const std::string& separator) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : separator) + word;
  return text;
}

/// A level in the unit of the plotted curve.
std::string level_text(IndicatorKind kind, std::int64_t edits, double level) {
  const double value = plotted_value(kind, edits, level);
  return kind == IndicatorKind::kDistance ? fmt::format("{:.4g}", value)
                                          : fmt::format("{:.1f}", std::clamp(value, 0.0, 100.0));
}

std::string change_text(IndicatorKind kind, const Break& found) {
  return level_text(kind, found.after, found.before) + " → " + level_text(kind, found.by, found.behind);
}

std::string indicator_text(const Indicator& indicator) {
  if (!indicator.search.is_judged) return "–";
  if (indicator.search.breaks.empty()) return "none";
  const Break& first = indicator.search.breaks.front();
  std::string text = fmt::format("{} to {}: {}", first.after, first.by, change_text(indicator.kind, first));
  if (indicator.search.breaks.size() > 1) text += fmt::format(" (+{})", indicator.search.breaks.size() - 1);
  return text;
}

std::string rate_text(const std::optional<Rate>& rate) {
  return rate ? fmt::format("{:.2f} ({:.2f} to {:.2f})", rate->value, rate->low, rate->high) : "–";
}

std::string edit_or_dash(const std::optional<std::int64_t>& edit) { return edit ? std::to_string(*edit) : "–"; }

/// No fall is certain.
std::string confidence_text(double confidence) {
  return confidence > kMostToldConfidence ? fmt::format("> {:.3f}", kMostToldConfidence)
                                          : fmt::format("{:.3f}", confidence);
}

/// Where each cell breaks.
Table points_table(std::span<const CellPhases> cells) {
  Table table{"phases",
              "The point of catastrophic forgetting of each cell, between the edits given: a fall of some 30 points "
              "(estimated at 24 or more) within three checkpoints. Of each indicator its first break with the levels "
              "before and behind it, those of the lines fitted on either side; in brackets the number of further ones. "
              "F1 is the mean over the tasks that the unedited model answers above chance; forgotten is what is not "
              "known at a check of what was known after its edit.",
              {"cell", "point", "confidence"},
              {},
              2};
  for (const IndicatorKind kind : kAllIndicators) table.header.emplace_back(words_for(kind));
  for (const CellPhases& cell : cells) {
    Row row{cell.cell.name(), verdict_of(cell), "–"};
    if (cell.point) {
      row[1] = fmt::format("{} to {}", cell.point->after, cell.point->by);
      row[2] = confidence_text(cell.point->confidence);
    }
    for (const Indicator& indicator : cell.indicators) row.push_back(indicator_text(indicator));
    table.rows.push_back(std::move(row));
  }
  return table;
}

/// How fast each cell declines before, and which levels it crosses.
Table decline_table(std::span<const CellPhases> cells) {
  Table table{"decline",
              "Facts forgotten and F1 lost, points per 100 edits up to the point with the 95 % interval; the first "
              "checkpoint with less than half of the unedited model's F1, and with none.",
              {"cell", "forgotten / 100 edits", "F1 lost / 100 edits", "F1 under half at", "F1 at zero at"},
              {},
              1};
  for (const CellPhases& cell : cells) {
    table.rows.push_back({cell.cell.name(), rate_text(cell.forgetting), rate_text(cell.f1_loss),
                          edit_or_dash(cell.half_at), edit_or_dash(cell.zero_at)});
  }
  return table;
}

/// "F1 above chance 92.0 → 3.1 from 420 to 440, ES 99.0 → 50.2 from 430 to 440".
std::string witnesses_text(const CatastrophicPoint& point) {
  std::vector<std::string> words;
  for (const auto& [kind, found] : point.witnesses) {
    words.push_back(
        fmt::format("{} {} from {} to {}", words_for(kind), change_text(kind, found), found.after, found.by));
    if (found.num_behind == 1) words.back() += " (seen at the last checkpoint alone)";
    if (found.recovered_at) words.back() += fmt::format(" (half regained by edit {})", *found.recovered_at);
  }
  return joined(words, ", ");
}

std::string edit_sentence(const EditBehindPoint& edit, const Subjects& subjects) {
  const std::string subject = subject_of(edit.case_id, subjects);
  const std::string name =
      fmt::format("edit {} (case {}{})", edit.edit, edit.case_id, subject.empty() ? "" : ", " + as_text(subject));
  if (std::isnan(edit.excess))
    return fmt::format(" It is at the first edits: {}, with none before it to compare with.", name);
  const std::string size =
      edit.is_by_norm ? fmt::format("{:.1f} times the median update of those before it", edit.excess)
                      : fmt::format("neighbourhood prompts {:.2f} nats less likely than before it", edit.excess);
  return edit.stands_out ? fmt::format(" Edit that stands out: {}, with {}.", name, size)
                         : fmt::format(" No single edit stands out: {} goes furthest, with {}.", name, size);
}

std::string not_judged_text(const CellPhases& cell) {
  std::vector<std::string> words;
  for (const Indicator& indicator : cell.indicators) {
    if (!indicator.not_judged.empty()) {
      words.push_back(fmt::format("{}: {}", words_for(indicator.kind), indicator.not_judged));
    }
  }
  return joined(words, "; ");
}

std::string without_point(const CellPhases& cell) {
  if (!cell.is_judged()) return fmt::format("not judged ({}).", not_judged_text(cell));
  std::vector<std::string> judged;
  bool does_distance_break = false;
  for (const Indicator& indicator : cell.indicators) {
    if (!indicator.search.is_judged) continue;
    judged.emplace_back(words_for(indicator.kind));
    if (indicator.kind == IndicatorKind::kDistance) does_distance_break = !indicator.search.breaks.empty();
  }
  std::string text = fmt::format("no point of catastrophic forgetting observed up to edit {} ({})", cell.num_edits,
                                 joined(judged, ", "));
  if (does_distance_break) text += "; the distance alone breaks";
  const std::string rest = not_judged_text(cell);
  return text + (rest.empty() ? "." : "; not judged: " + rest + ".");
}

std::string sentence(const CellPhases& cell, const Subjects& subjects) {
  std::string text = fmt::format("**{}**: ", as_text(cell.cell.name()));
  if (cell.point) {
    text += fmt::format("catastrophic forgetting after edit {} and by edit {}, confidence {} ({}).", cell.point->after,
                        cell.point->by, confidence_text(cell.point->confidence), witnesses_text(*cell.point));
  } else {
    text += without_point(cell);
  }
  if (cell.forgetting) {
    text += fmt::format(" {} edit {}, facts are forgotten at {:.2f} points per 100 edits (95 %: {:.2f} to {:.2f}).",
                        cell.point ? "Before it, up to" : "Up to", cell.forgetting->until, cell.forgetting->value,
                        cell.forgetting->low, cell.forgetting->high);
  }
  if (cell.edit) text += edit_sentence(*cell.edit, subjects);
  return text;
}

std::string break_row(const CellPhases& cell, const Indicator& indicator, const Break& found) {
  const auto plotted = [&](std::int64_t edits, double level) {
    return field(plotted_value(indicator.kind, edits, level));
  };
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},\n", cell_fields(cell.cell), name_of(indicator.kind),
                     kObserved, found.after, found.at, found.by, found.earliest, found.latest,
                     plotted(found.after, found.before), plotted(found.by, found.behind), field(found.fall()),
                     field(found.confidence), field(found.recovered_at));
}

}  // namespace

std::string phases_csv(std::span<const CellPhases> cells, const Subjects& subjects) {
  std::string text =
      "cell,method,model,sample,edits,verdict,after,by,confidence,indicators,f1_half_at,f1_zero_at,"
      "forgetting_rate,forgetting_rate_low,forgetting_rate_high,forgetting_rate_until,"
      "f1_loss_rate,f1_loss_rate_low,f1_loss_rate_high,f1_loss_rate_until,"
      "edit,case_id,subject,edit_rule,edit_excess,edit_stands_out\n";
  for (const CellPhases& cell : cells) {
    std::string point = ",,,";
    if (cell.point) {
      std::vector<std::string> names;
      for (const Witness& witness : cell.point->witnesses) names.emplace_back(name_of(witness.kind));
      point = fmt::format("{},{},{},{}", cell.point->after, cell.point->by, field(cell.point->confidence),
                          joined(names, " "));
    }
    std::string edit = ",,,,,";
    if (cell.edit) {
      edit = fmt::format("{},{},{},{},{},{}", cell.edit->edit, cell.edit->case_id,
                         csv_quoted(subject_of(cell.edit->case_id, subjects)), cell.edit->is_by_norm ? "norm" : "nll",
                         field(cell.edit->excess), cell.edit->stands_out ? 1 : 0);
    }
    text += fmt::format("{},{},{},{},{},{},{},{},{}\n", cell_fields(cell.cell), cell.num_edits, verdict_of(cell), point,
                        field(cell.half_at), field(cell.zero_at), field(cell.forgetting), field(cell.f1_loss), edit);
  }
  return text;
}

std::string breaks_csv(std::span<const CellPhases> cells) {
  std::string text =
      "cell,method,model,sample,indicator,verdict,after,at,by,earliest,latest,before,behind,fall,confidence,"
      "recovered_at,reason\n";
  for (const CellPhases& cell : cells) {
    for (const Indicator& indicator : cell.indicators) {
      for (const Break& found : indicator.search.breaks) text += break_row(cell, indicator, found);
      if (!indicator.search.breaks.empty()) continue;
      const bool is_judged = indicator.search.is_judged;
      text +=
          fmt::format("{},{},{},,,,,,,,,{},,{}\n", cell_fields(cell.cell), name_of(indicator.kind),
                      is_judged ? kNoneObserved : kNotJudged,
                      is_judged ? field(indicator.search.highest_confidence) : "", csv_quoted(indicator.not_judged));
    }
  }
  return text;
}

Page phases_section(std::span<const CellPhases> cells, const Subjects& subjects) {
  List sentences;
  for (const CellPhases& cell : cells) sentences.items.push_back(sentence(cell, subjects));
  return {Heading{2, "Phases"}, points_table(cells), std::move(sentences), decline_table(cells)};
}

}  // namespace lethe::report
