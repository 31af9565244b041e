#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "core/metric_record.h"
#include "metrics/fixed_text.h"
#include "metrics/weight_norms.h"
#include "model/network.h"
#include "model/row_batches.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::worker {

/// Norms of an edited model's weights, and what it makes of the fixed text, beside the unedited one. What is the
/// unedited model's own is measured once: cells and checkpoints of one model share it.
class ModelMonitor {
 public:
  core::MonitorRecord of(const model::Network& edited, const model::Network& unedited,
                         const model::Tokenizer& tokenizer, const core::ExperimentConfig& config,
                         const model::BeforeBatch& before_batch);
  void forget() { *this = {}; }

 private:
  /// Of one unedited model.
  struct Unedited {
    std::weak_ptr<const model::Weights> weights;
    std::map<std::string, metrics::BaseNorms> norms;
    metrics::FixedText text;
    std::vector<double> nlls;  ///< of the text's documents; empty: not asked yet
  };
  Unedited unedited_;

  const metrics::BaseNorms& base_norms(const model::Network& edited, const std::string& parameter);
  std::vector<core::DocumentNll> text_nlls(const model::Network& edited, const model::Network& unedited,
                                           const model::BeforeBatch& before_batch);
};

}  // namespace lethe::worker
