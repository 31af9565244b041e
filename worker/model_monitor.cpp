#include "worker/model_monitor.h"

#include "worker/planning/monitor_text.h"

namespace lethe::worker {

const metrics::BaseNorms& ModelMonitor::base_norms(const model::Network& edited, const std::string& parameter) {
  const auto known = unedited_.norms.find(parameter);
  if (known != unedited_.norms.end()) return known->second;
  return unedited_.norms.emplace(parameter, metrics::base_norms(edited, parameter)).first->second;
}

std::vector<core::DocumentNll> ModelMonitor::text_nlls(const model::Network& edited, const model::Network& unedited,
                                                       const model::BeforeBatch& before_batch) {
  if (unedited_.nlls.empty()) unedited_.nlls = metrics::document_nlls(unedited, unedited_.text, before_batch);
  const auto nlls = metrics::document_nlls(edited, unedited_.text, before_batch);
  std::vector<core::DocumentNll> documents;
  for (std::size_t i = 0; i < nlls.size(); ++i) {
    documents.push_back({unedited_.text.num_tokens[i], nlls[i], unedited_.nlls[i]});
  }
  return documents;
}

core::MonitorRecord ModelMonitor::of(const model::Network& edited, const model::Network& unedited,
                                     const model::Tokenizer& tokenizer, const core::ExperimentConfig& config,
                                     const model::BeforeBatch& before_batch) {
  if (unedited_.weights.lock() != edited.base()) {
    Unedited other{edited.base(), {}, {}, {}};
    if (!config.monitor_text.empty()) other.text = read_monitor_text(config, tokenizer, edited.architecture());
    unedited_ = std::move(other);
  }
  core::MonitorRecord record;
  for (const auto& parameter : edited.edited_parameters()) {
    if (before_batch) before_batch();
    record.norms.push_back(metrics::weight_norms(edited, parameter, base_norms(edited, parameter)));
  }
  if (!config.monitor_text.empty()) record.text = text_nlls(edited, unedited, before_batch);
  return record;
}

}  // namespace lethe::worker
