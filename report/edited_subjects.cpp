#include "report/edited_subjects.h"

#include <algorithm>
#include <optional>

#include "core/error.h"
#include "report/records_at_hand.h"

namespace lethe::report {
namespace {

std::optional<RecordsAtHand> records_if_there(const core::DatasetConfig& dataset) {
  try {
    return RecordsAtHand(dataset);
  } catch (const core::DataError&) {
    return std::nullopt;
  }
}

}  // namespace

Subjects edited_subjects(std::span<const CellHistory> histories, std::span<const CellPhases> cells,
                         const core::DatasetConfig& dataset, Remarks& remarks) {
  Subjects subjects;
  if (std::ranges::none_of(cells, [](const CellPhases& cell) { return cell.edit.has_value(); })) return subjects;
  const auto at_hand = records_if_there(dataset);
  if (!at_hand) return subjects;
  for (std::size_t i = 0; i < histories.size(); ++i) {
    if (!cells[i].edit) continue;
    const auto is_same = at_hand->are_those_of(histories[i]);
    if (!is_same.value_or(false)) {
      remarks.notes.push_back(
          histories[i].cell.name() + ": no subject of the edit behind its point is given, because the data set at " +
          dataset.records.string() +
          (is_same ? " is not the one that was edited" : " cannot be told to be the one that was edited"));
      continue;
    }
    const auto record = std::ranges::find(at_hand->records(), cells[i].edit->case_id, &data::EditRequest::case_id);
    if (record != at_hand->records().end()) subjects[cells[i].edit->case_id] = record->subject;
  }
  return subjects;
}

}  // namespace lethe::report
