#pragma once

#include <span>
#include <vector>

#include "data/edit_request.h"
#include "model/network.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::metrics {

/// zsRE's metrics of one record: for each prompt, token by token, whether the model's first choice is the answer's
/// token (algorithms 7). No probabilities are kept, as in the published evaluator.
struct ZsreScores {
  std::vector<bool> rewrite;
  std::vector<bool> paraphrase;
  std::vector<bool> neighborhood;
};

/// Evaluates records as published: an answer's token i is asked for by prompt + decode(answer[:i]), tokenized anew, and
/// correct if the argmax is the *first* token of the decoded piece i. Neighbourhood prompts are asked for
/// `neighborhood_target` (`target_true` if that is empty). Rows of all records are batched, `batch_tokens` padded
/// positions at a time.
std::vector<ZsreScores> score_zsre(const model::Network& network, const model::Tokenizer& tokenizer,
                                   std::span<const data::EditRequest> records, std::int64_t batch_tokens = 8192);

}  // namespace lethe::metrics
