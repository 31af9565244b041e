#pragma once

#include <span>
#include <vector>

#include "core/metric_record.h"
#include "data/edit_request.h"
#include "model/network.h"
#include "model/tokenizer.h"

namespace lethe::metrics {

/// Scores rewrite, paraphrase and neighbourhood prompts of each request (algorithms 7): tok(prompt) on its own,
/// then tok(" " + target); NLL is the mean over the target's tokens. A single-token target is read from the
/// prompt's row alone. Rows of all requests are batched, `batch_tokens` padded positions at a time; the cut
/// depends on the requests only.
struct ScoreOptions {
  std::int64_t batch_tokens = 8192;
  bool rewrite_only = false;  ///< forgetting: only the edit prompt
};
std::vector<std::vector<core::PromptScore>> score_requests(const model::Network& network,
                                                           const model::Tokenizer& tokenizer,
                                                           std::span<const data::EditRequest> requests,
                                                           const ScoreOptions& options = {});

}  // namespace lethe::metrics
