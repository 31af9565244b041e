#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/metric_record.h"
#include "data/edit_request.h"
#include "model/network.h"
#include "model/row_batches.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::worker {

/// All prompts of edits asked of the model that they start from. The last answers are kept: cells of one model and
/// sample ask the same, whatever their method. Only for the very same requests, since what is batched together decides
/// bits.
class UneditedScores {
 public:
  const std::vector<std::vector<core::PromptScore>>& of(const model::Network& unedited,
                                                        const model::Tokenizer& tokenizer,
                                                        std::span<const data::EditRequest> requests,
                                                        const model::BeforeBatch& before_batch);
  void forget() { *this = {}; }

 private:
  std::weak_ptr<const model::Weights> asked_;
  std::vector<std::int64_t> case_ids_;
  std::vector<std::vector<core::PromptScore>> scores_;
};

}  // namespace lethe::worker
