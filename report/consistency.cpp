#include "report/consistency.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/error.h"
#include "data/counterfact.h"
#include "report/present.h"
#include "storage/reduction.h"

namespace lethe::report {
namespace {

using Records = std::span<const core::TextsRecord>;
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

TextPrompts prompts_of(std::span<const CellHistory> histories) {
  TextPrompts all;
  for (const CellHistory& history : histories) {
    for (const auto& [case_id, prompts] : history.text_prompts) all[case_id].insert(prompts.begin(), prompts.end());
  }
  return all;
}

std::vector<core::TextsRecord> read_texts(const CellHistory& history, const ledger::ReductionFile& file) {
  return storage::read_reduction(file.file, storage::reduction_label(history.cell, history.edit_identity, file.part,
                                                                     file.edits, file.identity))
      .texts;
}

}  // namespace

void add_consistency(TextsPoint& point, Records records, const References& references) {
  const auto facts = by_fact(records);
  const auto mean = [&](core::WrittenTexts core::TextsRecord::*writer, Form form) {
    return mean_score(facts, writer, form, references);
  };
  point.edited.greedy_consistency = mean(&core::TextsRecord::edited, &core::WrittenTexts::greedy);
  point.edited.sampled_consistency = mean(&core::TextsRecord::edited, &core::WrittenTexts::sampled);
  point.unedited.greedy_consistency = mean(&core::TextsRecord::unedited, &core::WrittenTexts::greedy);
  point.unedited.sampled_consistency = mean(&core::TextsRecord::unedited, &core::WrittenTexts::sampled);
  const auto has_references = [&](Records fact) { return references.has(fact.front().case_id); };
  point.compared = {std::ranges::count_if(facts, has_references), std::ssize(facts)};
}

std::map<std::string, std::string> add_consistency(std::span<CellHistory> histories,
                                                   const std::filesystem::path& references,
                                                   const core::DatasetConfig& dataset, Remarks& remarks) {
  const auto asked = prompts_of(histories);
  if (asked.empty()) {
    remarks.notes.emplace_back("consistency: no texts are committed to compare with the references (`texts_every`)");
    return {};
  }
  std::vector<data::EditRequest> records;
  try {
    records = data::read_records(dataset);
  } catch (const core::DataError& error) {
    remarks.left_out.push_back("consistency is left out, because it is found by the records that were edited: " +
                               std::string(error.what()));
    return {};
  }
  const References known(references, records, asked);
  for (CellHistory& history : histories) {
    for (TextsPoint& point : history.texts) add_consistency(point, read_texts(history, point.file), known);
  }
  remarks.notes.push_back(known.account());
  return known.digests();
}

}  // namespace lethe::report
