#include "report/all_edits.h"

#include <vector>

#include "report/present.h"

namespace lethe::report {
namespace {

core::EditScores mean_scores(std::span<const core::ScoresRecord> records,
                             std::vector<core::PromptScore> core::ScoresRecord::*prompts) {
  std::vector<core::EditScores> all;
  for (const core::ScoresRecord& record : records) all.push_back(core::edit_scores(record.*prompts));
  core::EditScores means;
  for (const ScoreField& field : kScoreFields) means.*field.field = present_of(all, field.field).mean();
  return means;
}

}  // namespace

AllEditsPoint average_all_edits(std::span<const core::ScoresRecord> records) {
  const auto locality = present_of(
      records, [](const core::ScoresRecord& record) { return core::locality(record.edited, record.unedited); });
  return {static_cast<std::int64_t>(records.size()), mean_scores(records, &core::ScoresRecord::edited),
          mean_scores(records, &core::ScoresRecord::unedited), locality.mean()};
}

}  // namespace lethe::report
