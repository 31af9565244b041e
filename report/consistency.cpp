#include "report/consistency.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "core/error.h"
#include "report/present.h"
#include "report/records_at_hand.h"
#include "storage/reduction.h"

namespace lethe::report {
namespace {

using Records = std::span<const core::TextsRecord>;
using Histories = std::vector<CellHistory*>;
using Form = core::GeneratedText core::WrittenTexts::*;

/// The records of each fact, which stand one behind the other.
std::vector<Records> by_fact(Records records) {
  std::vector<Records> facts;
  for (std::size_t begin = 0; begin < records.size();) {
    std::size_t end = begin + 1;
    while (end < records.size() && records[end].edit == records[begin].edit) ++end;
    facts.push_back(records.subspan(begin, end - begin));
    begin = end;
  }
  return facts;
}

double mean_score(std::span<const Records> facts, core::WrittenTexts core::TextsRecord::*writer, Form form,
                  const References& references) {
  const auto score = [&](Records fact) {
    std::vector<std::string> texts;
    for (const core::TextsRecord& record : fact) texts.push_back(record.prompt + (record.*writer.*form).text);
    return references.score(fact.front().case_id, texts);
  };
  return present_of(facts, score).mean();
}

std::vector<core::TextsRecord> read_texts(const CellHistory& history, const ledger::ReductionFile& file) {
  return storage::read_reduction(file.file, storage::reduction_label(history.cell, history.edit_identity, file.part,
                                                                     file.edits, file.identity))
      .texts;
}

/// Calls `visit(point, records)` for the points whose texts are there still; the others are told.
template <typename Visit>
void for_each_text(const Histories& histories, RemarkList& remarks, Visit visit) {
  for (CellHistory* history : histories) {
    for (TextsPoint& point : history->texts) {
      try {
        visit(point, read_texts(*history, point.file));
      } catch (const core::StorageError& error) {
        remarks.add(
            {{}, {"consistency is left out of texts that can no longer be read: " + std::string(error.what())}});
      }
    }
  }
}

TextPrompts prompts_of(const Histories& histories, RemarkList& remarks) {
  TextPrompts all;
  for_each_text(histories, remarks, [&](const TextsPoint&, const std::vector<core::TextsRecord>& records) {
    for (const core::TextsRecord& record : records) all[record.case_id].insert(record.prompt);
  });
  return all;
}

constexpr const char* kLeftOut = "consistency is left out, because it is found by the records that were edited: ";

std::optional<RecordsAtHand> read_records(const core::DatasetConfig& dataset, RemarkList& remarks) {
  try {
    return RecordsAtHand(dataset);
  } catch (const core::DataError& error) {
    remarks.add({{}, {kLeftOut + std::string(error.what())}});
    return std::nullopt;
  }
}

/// Those whose edits may be of these records; where nothing tells it, prompts are compared (report/references.h).
Histories edited_of(const RecordsAtHand& at_hand, std::span<CellHistory> histories, RemarkList& remarks) {
  Histories edited;
  for (CellHistory& history : histories) {
    if (history.texts.empty()) continue;
    if (at_hand.are_those_of(history).value_or(true)) {
      edited.push_back(&history);
    } else {
      remarks.add({{}, {history.cell.name() + ": " + kLeftOut + "the data set is another one now"}});
    }
  }
  return edited;
}

}  // namespace

void add_consistency(TextsPoint& point, Records records, const References& references) {
  std::vector<core::TextsRecord> written;
  std::ranges::copy_if(records, std::back_inserter(written), has_texts);
  const auto facts = by_fact(written);
  const auto mean = [&](core::WrittenTexts core::TextsRecord::*writer, Form form) {
    return mean_score(facts, writer, form, references);
  };
  point.edited.greedy_consistency = mean(&core::TextsRecord::edited, &core::WrittenTexts::greedy);
  point.edited.sampled_consistency = mean(&core::TextsRecord::edited, &core::WrittenTexts::sampled);
  point.unedited.greedy_consistency = mean(&core::TextsRecord::unedited, &core::WrittenTexts::greedy);
  point.unedited.sampled_consistency = mean(&core::TextsRecord::unedited, &core::WrittenTexts::sampled);
  point.compared = ComparedFacts{{}, std::ssize(facts)};
  for (const Records fact : facts) {
    const auto case_id = fact.front().case_id;
    if (references.has(case_id)) point.compared->case_ids.push_back(case_id);
  }
}

void add_consistency(std::span<CellHistory> histories, const ReferenceFiles& references,
                     const core::DatasetConfig& dataset, Remarks& remarks) {
  RemarkList list(remarks);
  if (std::ranges::all_of(histories, [](const CellHistory& history) { return history.texts.empty(); })) {
    remarks.notes.emplace_back("consistency: no texts are committed to compare with the references (`texts_every`)");
    return;
  }
  const auto at_hand = read_records(dataset, list);
  if (!at_hand) return;
  const auto compared = edited_of(*at_hand, histories, list);
  const auto asked = prompts_of(compared, list);
  if (asked.empty()) return;
  const References known(references, at_hand->records(), asked);
  for_each_text(compared, list, [&](TextsPoint& point, const std::vector<core::TextsRecord>& texts) {
    add_consistency(point, texts, known);
  });
  remarks.notes.push_back(known.account());
}

}  // namespace lethe::report
