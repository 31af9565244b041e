#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/metric_record.h"
#include "core/score.h"

namespace lethe::report {

/// What a model after n edits says to all prompts of these n edits: means over edits, fractions; NaN of none.
struct AllEditsPoint {
  std::int64_t edits = 0;
  core::EditScores edited;
  core::EditScores unedited;  ///< the same prompts, asked of the model before any edit
  double locality = 0.0;      ///< `core::locality`
};
/// `records`: of edits 1..n, in order.
AllEditsPoint average_all_edits(std::span<const core::ScoresRecord> records);
/// Of each edit what the edited model says.
std::vector<core::EditScores> scores_of_all_edits(std::span<const core::ScoresRecord> records);

/// A field of `core::EditScores` under the name of its curves.
struct ScoreField {
  const char* name;
  const char* label;
  double core::EditScores::*field;
  bool needs_tokens = false;  ///< of targets, which results of older versions lack
};
inline constexpr ScoreField kScoreFields[] = {
    {"efficacy", "Efficacy score (ES)", &core::EditScores::efficacy},
    {"paraphrase", "Paraphrase score (PS)", &core::EditScores::paraphrase},
    {"neighborhood", "Neighborhood score (NS)", &core::EditScores::neighborhood},
    {"efficacy_accuracy", "Efficacy accuracy", &core::EditScores::efficacy_accuracy},
    {"paraphrase_accuracy", "Paraphrase accuracy", &core::EditScores::paraphrase_accuracy},
    {"neighborhood_accuracy", "Neighborhood accuracy", &core::EditScores::neighborhood_accuracy},
    {"efficacy_token_accuracy", "Efficacy token accuracy", &core::EditScores::efficacy_token_accuracy, true},
    {"paraphrase_token_accuracy", "Paraphrase token accuracy", &core::EditScores::paraphrase_token_accuracy, true},
    {"neighborhood_token_accuracy", "Neighborhood token accuracy", &core::EditScores::neighborhood_token_accuracy,
     true},
};

}  // namespace lethe::report
