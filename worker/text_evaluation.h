#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/config/experiment_config.h"
#include "core/metric_record.h"
#include "data/edit_request.h"
#include "metrics/texts.h"
#include "model/network.h"
#include "model/row_batches.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::worker {

/// Texts about edited facts by an edited model beside the unedited one, whose last texts are kept: cells of one model
/// and sample ask the same.
class TextEvaluation {
 public:
  /// About the first `texts_facts` of `requests`, the facts edited so far in their order.
  std::vector<core::TextsRecord> of(const model::Network& edited, const model::Network& unedited,
                                    const model::Tokenizer& tokenizer, std::span<const data::EditRequest> requests,
                                    const core::ExperimentConfig& config, const model::BeforeBatch& before_batch);
  void forget() { *this = {}; }

 private:
  std::weak_ptr<const model::Weights> asked_;
  std::vector<metrics::TextPrompt> prompts_;
  std::vector<core::WrittenTexts> unedited_;
};

}  // namespace lethe::worker
