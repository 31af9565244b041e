#include "report/disabling_page.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <spdlog/fmt/fmt.h>

#include "report/csv_text.h"
#include "report/disabling_experiment.h"
#include "report/phases.h"

namespace lethe::report {
namespace {

constexpr const char* kHowJudged =
    "Each edit was made alone, as the first one of the unedited model. It is *disabling* if it leaves less than 25 % "
    "of "
    "the mean F1 of the tasks that the unedited model answers better than by chance (Matthews correlation, 5 % level). "
    "*F1 kept* is that share. *Normalised distance* is the norm of a weight's change over its number of weights, as "
    "the "
    "paper has it; of several edited weights it is the mean. Ratios are of the means of chosen and random edits, with "
    "95 % intervals (bootstrap over both groups). Edits that left the weights as they were count in no mean. Which "
    "edits "
    "were chosen follows from what they did before, so that only of the random ones a share can be said.";

std::string word_for(const SingleEdit& edit) {
  if (!edit.is_measured) return "not measured";
  if (!edit.is_disabling) return "not judged";
  return *edit.is_disabling ? "yes" : "no";
}

const char* status_of(const SingleEdit& edit) { return edit.is_measured ? status_field(edit.status) : ""; }

std::string scientific(double value) { return std::isfinite(value) ? fmt::format("{:.3e}", value) : "–"; }

/// Names of all tasks and edited parameters, which become columns.
struct Columns {
  std::set<std::string> tasks, parameters;
};

Columns columns_of(std::span<const SingleEdits> groups) {
  Columns columns;
  for (const SingleEdits& group : groups) {
    for (const auto& [task, value] : group.unedited.f1) columns.tasks.insert(task);
    for (const SingleEdit& edit : group.edits) {
      for (const auto& [task, value] : edit.tasks.f1) columns.tasks.insert(task);
      for (const auto& [parameter, value] : edit.normalized) columns.parameters.insert(parameter);
    }
  }
  return columns;
}

/// The fields of `names`, empty where `values` lacks one.
std::string fields_of(const std::set<std::string>& names, const std::map<std::string, double>& values) {
  std::string text;
  for (const std::string& name : names) {
    const auto found = values.find(name);
    text += "," + (found == values.end() ? std::string() : csv_field(found->second));
  }
  return text;
}

std::string edit_row(const SingleEdit& edit, const Columns& columns) {
  std::string text = fmt::format("{},{},{},{},{},{},{},{},{}", edit.cell.name(), edit.cell.method, edit.cell.model,
                                 edit.selected.case_id, csv_quoted(edit.selected.subject),
                                 edit.selected.is_chosen() ? "chosen" : "normal", csv_quoted(edit.selected.found),
                                 status_of(edit), word_for(edit));
  for (const double value : {edit.update_norm, edit.distance, edit.mean_normalized, edit.efficacy, edit.paraphrase,
                             edit.neighborhood, edit.kept_f1, edit.tasks.mean_f1, edit.tasks.entropy_bits}) {
    text += "," + csv_field(value);
  }
  return text + fields_of(columns.tasks, edit.tasks.f1) + fields_of(columns.parameters, edit.normalized) + "\n";
}

Table ratio_table(std::span<const SingleEdits> groups, std::uint64_t seed) {
  Table table{"disabling-ratios",
              "Chosen edits beside random ones.",
              {"method", "model", "of", "chosen", "n", "random", "n", "ratio", "95 % interval"},
              {},
              3,
              3};
  for (const SingleEdits& group : groups) {
    for (const Quantity& quantity : single_edit_quantities()) {
      const Ratio ratio = ratio_of(group, quantity, seed);
      const auto text = [&](double value) { return quantity.is_small ? scientific(value) : number(value, 2); };
      table.rows.push_back({group.method, group.model, quantity.title, text(ratio.chosen),
                            std::to_string(ratio.num_chosen), text(ratio.normal), std::to_string(ratio.num_normal),
                            number(ratio.value, 2),
                            std::isnan(ratio.low) ? "–" : number(ratio.low, 2) + " to " + number(ratio.high, 2)});
    }
  }
  return table;
}

Table edits_table(std::span<const SingleEdits> groups) {
  Table table{"disabling-edits",
              "The chosen edits, and random ones that disable.",
              {"method", "model", "case", "subject", "chosen as", "disabling", "norm of the update",
               "normalised distance", "ES", "PS", "NS", "F1 kept, %", "entropy, bits"},
              {},
              6,
              4};
  for (const SingleEdits& group : groups) {
    for (const SingleEdit& edit : group.edits) {
      if (!edit.selected.is_chosen() && !edit.is_disabling.value_or(false)) continue;
      table.rows.push_back({group.method, group.model, std::to_string(edit.selected.case_id), edit.selected.subject,
                            edit.selected.is_chosen() ? edit.selected.found : "random", word_for(edit),
                            number(edit.update_norm, 2), scientific(edit.mean_normalized), number(edit.efficacy),
                            number(edit.paraphrase), number(edit.neighborhood), number(edit.kept_f1),
                            number(edit.tasks.entropy_bits, 2)});
    }
  }
  return table;
}

Table unedited_table(std::span<const SingleEdits> groups) {
  Table table{"disabling-unedited", "The unedited models.", {"model", "mean F1", "entropy of answers, bits"}, {}, 1};
  std::set<std::string> seen;
  for (const SingleEdits& group : groups) {
    if (!seen.insert(group.model).second) continue;
    table.rows.push_back({group.model, number(group.unedited.mean_f1), number(group.unedited.entropy_bits, 2)});
  }
  return table;
}

}  // namespace

std::string disabling_sentence(const SingleEdits& group) {
  if (!group.not_judged.empty()) {
    return "whether a single disabling edit exists cannot be told: " + group.not_judged + ".";
  }
  const DisablingCount count = count_disabling(group);
  if (count.num_tried() == 0) return fmt::format("none of its {} edits is measured.", count.num_left);
  const std::string left = count.num_left == 0 ? "" : fmt::format("; {} not measured yet", count.num_left);
  std::string text =
      count.num_disabling() == 0
          ? fmt::format("no single disabling edit among {} tried", count.num_tried())
          : fmt::format("a single disabling edit exists: {} of {} tried", count.num_disabling(), count.num_tried());
  text += fmt::format(" ({} of {} chosen", count.chosen_disabling, count.num_chosen);
  if (count.num_random > 0) {
    const auto interval = wilson_interval(count.random_disabling, count.num_random);
    text += fmt::format(", {} of {} random ones: {:.1f} to {:.1f} %", count.random_disabling, count.num_random,
                        100.0 * interval.low, 100.0 * interval.high);
  }
  return text + ")" + left + ".";
}

std::string disabling_csv(std::span<const SingleEdits> groups) {
  const Columns columns = columns_of(groups);
  std::string text =
      "cell,method,model,case_id,subject,set,found,status,disabling,update_norm,distance,normalized_distance,es,ps,ns,"
      "kept_f1,mean_f1,answer_entropy";
  for (const std::string& task : columns.tasks) text += ",f1." + task;
  for (const std::string& parameter : columns.parameters) text += ",normalized_distance." + parameter;
  text += "\n";
  std::set<std::string> models;
  for (const SingleEdits& group : groups) {
    if (!models.insert(group.model).second) continue;
    text += fmt::format(",,{},,,unedited,,,,,,,,,,,{},{}", group.model, csv_field(group.unedited.mean_f1),
                        csv_field(group.unedited.entropy_bits)) +
            fields_of(columns.tasks, group.unedited.f1) + fields_of(columns.parameters, {}) + "\n";
  }
  for (const SingleEdits& group : groups) {
    for (const SingleEdit& edit : group.edits) text += edit_row(edit, columns);
  }
  return text;
}

std::string disabling_ratios_csv(std::span<const SingleEdits> groups, std::uint64_t seed) {
  std::string text = "method,model,quantity,chosen,num_chosen,normal,num_normal,ratio,low,high\n";
  for (const SingleEdits& group : groups) {
    for (const Quantity& quantity : single_edit_quantities()) {
      const Ratio ratio = ratio_of(group, quantity, seed);
      text += fmt::format("{},{},{},{},{},{},{},{},{},{}\n", group.method, group.model, quantity.name,
                          csv_field(ratio.chosen), ratio.num_chosen, csv_field(ratio.normal), ratio.num_normal,
                          csv_field(ratio.value), csv_field(ratio.low), csv_field(ratio.high));
    }
  }
  return text;
}

Page disabling_findings(std::span<const SingleEdits> groups, const Selection& selection) {
  const auto num_chosen = std::ranges::count_if(selection.cases, &SelectedCase::is_chosen);
  List sentences;
  for (const SingleEdits& group : groups) {
    sentences.items.push_back(
        fmt::format("**{} on {}**: {}", group.method, as_text(group.model), disabling_sentence(group)));
  }
  return {Paragraph{fmt::format("Chosen edits: {}; random ones: {} (seed {}).", num_chosen,
                                std::ssize(selection.cases) - num_chosen, selection.seed)},
          Paragraph{kHowJudged}, std::move(sentences), ratio_table(groups, selection.seed)};
}

Page disabling_section(const SingleEditResults& edits, const std::filesystem::path& sweep) {
  const bool is_beside = edits.root == single_edits_folder(sweep);
  const auto folder = as_text(is_beside ? edits.root.filename().string() + " beside the sweep" : edits.root.string());
  Page page{Heading{2, kSingleEditsHeading},
            Paragraph{fmt::format("From {}, where {} of {} cells are complete. `disabling.md` there has the edits.",
                                  folder, edits.num_complete, edits.config.cells.size())}};
  append(page, disabling_findings(edits.groups, edits.selection));
  return page;
}

Page disabling_page(const std::string& name, std::span<const SingleEdits> groups, const Selection& selection,
                    const Remarks& remarks) {
  Page page{Heading{1, "Single edits: " + as_text(name)}};
  append(page, disabling_findings(groups, selection));
  page.emplace_back(edits_table(groups));
  page.emplace_back(unedited_table(groups));
  List notes;
  for (const auto* texts : {&selection.notes, &remarks.left_out, &remarks.notes}) {
    for (const std::string& text : *texts) notes.items.push_back(as_message(text));
  }
  if (notes.items.empty()) return page;
  page.emplace_back(Heading{2, "Notes"});
  page.emplace_back(std::move(notes));
  return page;
}

}  // namespace lethe::report
