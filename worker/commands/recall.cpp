#include "worker/commands/recall.h"

#include "metrics/rewrite_scores.h"

namespace lethe::worker::inline commands {

Recall measure_recall(const model::Network& network, const model::Tokenizer& tokenizer,
                      std::vector<data::EditRequest> records) {
  // A score's "correct" is about target_new on edit and paraphrase prompts: here the true object is what is wanted.
  for (auto& record : records) record.target_new = record.target_true;
  Recall recall;
  for (const auto& scores : metrics::score_requests(network, tokenizer, records)) {
    for (const auto& score : scores) {
      auto& tally = score.kind == core::PromptKind::kRewrite      ? recall.edit
                    : score.kind == core::PromptKind::kParaphrase ? recall.paraphrase
                                                                  : recall.neighborhood;
      tally.add(score.is_correct);
    }
  }
  return recall;
}

}  // namespace lethe::worker::inline commands
