#include "worker/planning/request_checks.h"

#include "core/error.h"
#include "editing/edit_method.h"

namespace lethe::worker::inline planning {

void RequestChecks::check(const core::ExperimentConfig& config, const core::GridCell& cell,
                          const std::vector<data::EditRequest>& requests, const ModelInputs& inputs) {
  const auto& method = config.method_of(cell);
  const auto question = editing::request_question(method);
  for (const auto& request : requests) {
    if (!checked_.emplace(cell.model, question, request.case_id).second) continue;
    try {
      editing::check_request(method, request, {inputs.content->tokenizer, inputs.architecture});
    } catch (const core::DataError& error) {
      const auto name = "case " + std::to_string(request.case_id) + ": ";
      const std::string text = error.what();
      bad_.emplace(request.case_id, text.starts_with(name) ? text : name + text);
    }
  }
}

void RequestChecks::report(const core::ExperimentConfig& config, ProblemCollector& problems) const {
  constexpr std::size_t kMostListed = 20;
  const auto place = config.dataset.records.string() + ": ";
  std::size_t num_listed = 0;
  for (const auto& [case_id, text] : bad_) {
    if (num_listed++ == kMostListed) break;
    problems.add(place + text);
  }
  if (bad_.size() <= kMostListed) return;
  problems.add(place + "and " + std::to_string(bad_.size() - kMostListed) + " more records that cannot be edited");
}

}  // namespace lethe::worker::inline planning
