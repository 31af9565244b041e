#include "worker/unedited_scores.h"

#include "metrics/rewrite_scores.h"

namespace lethe::worker {

const std::vector<std::vector<core::PromptScore>>& UneditedScores::of(const model::Network& unedited,
                                                                      const model::Tokenizer& tokenizer,
                                                                      std::span<const data::EditRequest> requests,
                                                                      const model::BeforeBatch& before_batch) {
  std::vector<std::int64_t> case_ids;
  for (const auto& request : requests) case_ids.push_back(request.case_id);
  if (asked_.lock() == unedited.base() && case_ids == case_ids_) return scores_;
  scores_ = metrics::score_requests(unedited, tokenizer, requests, {.before_batch = before_batch});
  asked_ = unedited.base();
  case_ids_ = std::move(case_ids);
  return scores_;
}

}  // namespace lethe::worker
