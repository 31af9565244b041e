#pragma once

#include <vector>

#include "core/metric_record.h"
#include "data/edit_request.h"
#include "model/architecture.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::metrics {

/// A request's texts as they are scored: tok(prompt) on its own, then tok(" " + target).
struct RequestTokens {
  struct Prompt {
    core::PromptKind kind = core::PromptKind::kRewrite;
    std::vector<model::TokenId> ids;
  };
  std::vector<Prompt> prompts;  ///< rewrite, paraphrases, neighbours, in this order
  std::vector<model::TokenId> target_new;
  std::vector<model::TokenId> target_true;
  std::vector<model::TokenId> target_neighborhood;  ///< `target_true` where the record has none of its own

  /// What a prompt is asked for beside the new target.
  [[nodiscard]] const std::vector<model::TokenId>& former_of(const Prompt& prompt) const {
    return prompt.kind == core::PromptKind::kNeighborhood ? target_neighborhood : target_true;
  }
};

/// Throws `core::DataError` naming case and field for a text without tokens, a prompt that with its target exceeds the
/// model's positions, or a token beyond the model's vocabulary. A plan asks the same as a run.
RequestTokens tokenize_request(const data::EditRequest& request, const model::Tokenizer& tokenizer,
                               const model::Architecture& architecture, bool rewrite_only = false);

}  // namespace lethe::metrics
