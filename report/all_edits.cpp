#include "report/all_edits.h"

#include "report/present.h"

namespace lethe::report {
namespace {

using Prompts = std::vector<core::PromptScore> core::ScoresRecord::*;

std::vector<core::EditScores> scores_of(std::span<const core::ScoresRecord> records, Prompts prompts) {
  std::vector<core::EditScores> all;
  for (const core::ScoresRecord& record : records) all.push_back(core::edit_scores(record.*prompts));
  return all;
}

core::EditScores mean_scores(std::span<const core::ScoresRecord> records, Prompts prompts) {
  const auto all = scores_of(records, prompts);
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

std::vector<core::EditScores> scores_of_all_edits(std::span<const core::ScoresRecord> records) {
  return scores_of(records, &core::ScoresRecord::edited);
}

}  // namespace lethe::report
