#include "report/all_edits.h"

#include <cmath>
#include <limits>

namespace lethe::report {
namespace {

/// Of the values that are there.
class RunningMean {
 public:
  void add(double value) {
    if (std::isnan(value)) return;
    sum_ += value;
    ++count_;
  }
  [[nodiscard]] double value() const {
    return count_ == 0 ? std::numeric_limits<double>::quiet_NaN() : sum_ / static_cast<double>(count_);
  }

 private:
  double sum_ = 0.0;
  std::int64_t count_ = 0;
};

core::EditScores mean_scores(std::span<const core::ScoresRecord> records,
                             std::vector<core::PromptScore> core::ScoresRecord::*prompts) {
  std::vector<core::EditScores> all;
  for (const core::ScoresRecord& record : records) all.push_back(core::edit_scores(record.*prompts));
  core::EditScores means;
  for (const ScoreField& field : kScoreFields) {
    RunningMean mean;
    for (const core::EditScores& scores : all) mean.add(scores.*field.field);
    means.*field.field = mean.value();
  }
  return means;
}

}  // namespace

AllEditsPoint average_all_edits(std::span<const core::ScoresRecord> records) {
  RunningMean locality;
  for (const core::ScoresRecord& record : records) locality.add(core::locality(record.edited, record.unedited));
  return {static_cast<std::int64_t>(records.size()), mean_scores(records, &core::ScoresRecord::edited),
          mean_scores(records, &core::ScoresRecord::unedited), locality.value()};
}

}  // namespace lethe::report
