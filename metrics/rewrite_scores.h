#pragma once

#include <span>
#include <vector>

#include "core/metric_record.h"
#include "data/edit_request.h"
#include "model/network.h"
#include "model/row_batches.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::metrics {

/// How rows are put into batches. A batch holds rows of similar length: it ends before its padding would exceed
/// `padding_tokens` positions, about what another reading of all weights costs, or its padded size `batch_tokens`.
struct ScoreOptions {
  std::int64_t batch_tokens = 8192;
  std::int64_t padding_tokens = 48;
  bool rewrite_only = false;  ///< forgetting: only the edit prompt
  model::BeforeBatch before_batch{};
};
/// Scores rewrite, paraphrase and neighbourhood prompts of each request (algorithms 7): tok(prompt) on its own,
/// then tok(" " + target); NLL is the mean over the target's tokens. A single-token target is read from the
/// prompt's row alone. Throws what `tokenize_request` throws. Rows of all requests are batched together; the cut
/// depends on the requests only.
std::vector<std::vector<core::PromptScore>> score_requests(const model::Network& network,
                                                           const model::Tokenizer& tokenizer,
                                                           std::span<const data::EditRequest> requests,
                                                           const ScoreOptions& options = {});

}  // namespace lethe::metrics
