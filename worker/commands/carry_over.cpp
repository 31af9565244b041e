#include "worker/commands/carry_over.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <sstream>
#include <vector>

#include "core/error.h"
#include "data/text_file.h"
#include "metrics/rewrite_scores.h"
#include "metrics/zsre_scores.h"
#include "worker/cell_editor.h"
#include "worker/commands/fact_request.h"
#include "worker/commands/owned_work.h"

namespace lethe::worker::inline commands {
namespace {

constexpr std::int64_t kAnswerTokens = 12;
constexpr std::size_t kMostShown = 100;  ///< bytes of a text on a line

/// Both forms of one fact, each with the form's template as its prompt.
struct Forms {
  data::EditRequest question;
  data::EditRequest completion;
};

std::vector<Forms> forms_of(const Workspace& workspace, const std::vector<data::EditRequest>& requests,
                            std::int64_t num_records) {
  std::vector<Forms> forms;
  for (const auto& request : requests) {
    if (static_cast<std::int64_t>(forms.size()) == num_records) break;
    if (request.question_prompt.empty() || request.completion_prompt.empty()) continue;
    Forms one{request, request};
    one.question.prompt = request.question_prompt;
    one.completion.prompt = request.completion_prompt;
    forms.push_back(std::move(one));
  }
  if (forms.empty()) {
    throw core::DataError(workspace.config().dataset.records.string() +
                          ": no record of the cell has both a question and a completion form; zsRE's records get "
                          "the latter from `completions:` of the config's dataset");
  }
  return forms;
}

bool names_new_object(const model::Network& network, const model::Tokenizer& tokenizer,
                      const data::EditRequest& request) {
  const auto scores = metrics::score_requests(network, tokenizer, {&request, 1}, {.rewrite_only = true});
  return scores.front().front().is_correct;
}

LostFact lost_fact(const model::Network& network, const model::Tokenizer& tokenizer, const data::EditRequest& request) {
  const auto prompt = request.edit_prompt();
  return {request.case_id, request.subject, prompt, request.target_new,
          greedy_continuation(network, tokenizer, prompt, kAnswerTokens)};
}

/// One fact: edit a fresh copy of the model, ask, forget the copy.
void measure_one(const LoadedModel& loaded, const model::Network& start, CellEditor& editor, const Forms& forms,
                 std::int64_t number, CarryOver& result) {
  result.known_before.add(names_new_object(start, loaded.tokenizer, forms.completion));
  auto network = start;
  const auto edited = editor.edit(network, std::span(&forms.question, 1), number);
  if (edited.records.front().status != core::EditStatus::kApplied) ++result.num_failed;
  const bool is_successful = names_new_object(network, loaded.tokenizer, forms.question);
  result.question.add(is_successful);
  if (is_successful) {
    const bool is_carried_over = names_new_object(network, loaded.tokenizer, forms.completion);
    result.completion.add(is_carried_over);
    if (!is_carried_over) result.lost.push_back(lost_fact(network, loaded.tokenizer, forms.completion));
  }
  const auto tokens = metrics::score_zsre(network, loaded.tokenizer, {&forms.question, 1});
  result.rewrite_tokens.add(tokens.front().rewrite);
  result.paraphrase_tokens.add(tokens.front().paraphrase);
  result.neighborhood_tokens.add(tokens.front().neighborhood);
}

std::string shown(const std::string& text) { return "\"" + data::excerpt(text, kMostShown) + "\""; }

}  // namespace

std::string lost_text(const CarryOver& result, std::int64_t num_shown) {
  const auto num_lost = std::ssize(result.lost);
  const auto listed = std::span(result.lost).first(static_cast<std::size_t>(std::min(num_lost, num_shown)));
  std::ostringstream text;
  text << num_lost << " of " << result.completion.asked << " successful edits";
  if (std::ssize(listed) < num_lost && !listed.empty()) text << ", the first " << listed.size();
  text << (listed.empty() ? "\n" : ":\n");
  for (const LostFact& fact : listed) {
    text << "    case " << fact.case_id << ", " << shown(fact.subject) << ": " << shown(fact.prompt)
         << " is continued with " << shown(fact.answer) << ", not with " << shown(fact.new_object) << "\n";
  }
  return text.str();
}

CarryOver measure_carry_over(Workspace& workspace, const core::GridCell& cell, std::int64_t num_records,
                             TaskMonitor& monitor) {
  const auto forms = forms_of(workspace, workspace.requests(cell), num_records);
  if (!run_own_needs(workspace, cell, monitor)) return {};
  const auto loaded = workspace.model(cell.model);
  const auto start = workspace.starting_network(cell);
  CellEditor editor(workspace, cell, loaded, {});
  CarryOver result;
  for (const auto& one : forms) {
    if (monitor.should_stop()) break;
    const auto begin = std::chrono::steady_clock::now();
    measure_one(*loaded, start, editor, one, result.question.asked + 1, result);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    monitor.progress("questions", result.question.asked, static_cast<std::int64_t>(forms.size()), seconds.count());
  }
  return result;
}

}  // namespace lethe::worker::inline commands
