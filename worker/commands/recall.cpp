#include "worker/commands/recall.h"

#include "metrics/rewrite_scores.h"

namespace lethe::worker::inline commands {

double Recall::Share::percent() const {
  return asked == 0 ? 0.0 : 100.0 * static_cast<double>(correct) / static_cast<double>(asked);
}

Recall measure_recall(const model::Network& network, const model::Tokenizer& tokenizer,
                      std::vector<data::EditRequest> records) {
  // A score's "correct" is about target_new on edit and paraphrase prompts: here the true object is what is wanted.
  for (auto& record : records) record.target_new = record.target_true;
  Recall recall;
  for (const auto& scores : metrics::score_requests(network, tokenizer, records)) {
    for (const auto& score : scores) {
      auto& share = score.kind == core::PromptKind::kRewrite      ? recall.edit
                    : score.kind == core::PromptKind::kParaphrase ? recall.paraphrase
                                                                  : recall.neighborhood;
      ++share.asked;
      share.correct += score.is_correct ? 1 : 0;
    }
  }
  return recall;
}

}  // namespace lethe::worker::inline commands
