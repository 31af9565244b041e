#include "worker/planning/request_checks.h"

#include <algorithm>
#include <span>

#include "core/config/config_difference.h"
#include "core/error.h"
#include "editing/edit_method.h"
#include "metrics/request_rows.h"
#include "metrics/texts.h"
#include "worker/planning/context_file.h"

namespace lethe::worker::inline planning {

template <typename Check>
void RequestChecks::ask(const std::string& model, const std::string& question, std::int64_t case_id,
                        const Check& check) {
  if (!checked_.emplace(model, question, case_id).second) return;
  try {
    check();
  } catch (const core::DataError& error) {
    const auto name = "case " + std::to_string(case_id) + ": ";
    const std::string text = error.what();
    bad_.emplace(case_id, text.starts_with(name) ? text : name + text);
  }
}

void RequestChecks::check(const core::ExperimentConfig& config, const core::GridCell& cell,
                          const std::vector<data::EditRequest>& requests, const ModelInputs& inputs) {
  const auto& method = config.method_of(cell);
  const auto& tokenizer = inputs.content->tokenizer;
  const auto contexts = editing::longest_context(method, tokenizer, context_file_lines(method));
  // Two methods with contexts of one length ask the same.
  const auto question = editing::request_question(method) + " " + std::to_string(contexts);
  for (const auto& request : requests) {
    ask(cell.model, "scores", request.case_id,
        [&] { static_cast<void>(metrics::tokenize_request(request, tokenizer, inputs.architecture)); });
    ask(cell.model, question, request.case_id, [&] {
      editing::check_request(method, request, {tokenizer, inputs.architecture, contexts});
    });
  }
  if (config.texts_every == 0) return;
  const auto num_facts = std::min(requests.size(), static_cast<std::size_t>(config.texts_facts));
  for (const auto& request : std::span(requests).first(num_facts)) {
    ask(cell.model, "texts", request.case_id, [&] {
      num_without_text_[cell.model] +=
          metrics::check_texts(request, config.texts_tokens, tokenizer, inputs.architecture);
    });
  }
}

void RequestChecks::look_at_targets(const std::vector<data::EditRequest>& requests) {
  for (const auto& request : requests) {
    if (request.target_new == request.target_true) with_equal_targets_.insert(request.case_id);
  }
}

std::vector<std::string> RequestChecks::notes(const core::ExperimentConfig& config) const {
  std::vector<std::string> notes;
  if (!with_equal_targets_.empty()) {
    std::vector<std::string> cases;
    for (const auto case_id : with_equal_targets_) cases.push_back(std::to_string(case_id));
    notes.push_back(config.dataset.records.string() +
                    ": target_new is target_true, so that scores count a failure whatever an edit does, in case " +
                    core::first_names(cases));
  }
  for (const auto& [model, count] : num_without_text_) {
    if (count == 0) continue;
    notes.push_back(model + ": texts_tokens: " + std::to_string(config.texts_tokens) + ": " + std::to_string(count) +
                    " prompts of texts have as many tokens themselves, so that nothing is written behind them");
  }
  return notes;
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
