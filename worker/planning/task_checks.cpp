#include "worker/planning/task_checks.h"

#include <algorithm>
#include <map>
#include <string>

#include "core/error.h"
#include "data/json_entries.h"

namespace lethe::worker::inline planning {
namespace {

/// Where the task's answers stand, as far as it is known: a task of an experiment.json has no place.
std::string place_of_answers(const core::TaskConfig& task) {
  const auto& place = task.answers_place.text;
  return (place.empty() ? "task " + task.name : place) + ": answers: ";
}

std::string known_labels(const core::TaskConfig& task) {
  std::string labels;
  for (const auto& answer : task.answers) {
    labels += (labels.empty() ? "" : ", ") + std::to_string(answer.label) + " (\"" + answer.word + "\")";
  }
  return labels;
}

/// Examples with one label that no word has.
struct Unanswerable {
  std::string first_place;
  std::size_t count = 0;
};

}  // namespace

void check_labels(const core::TaskConfig& task, const data::TaskExamples& examples) {
  std::map<std::int32_t, Unanswerable> unanswerable;
  for (const auto& example : examples) {
    const auto has_label = [&](const core::TaskAnswer& answer) { return answer.label == example.label; };
    if (std::ranges::any_of(task.answers, has_label)) continue;
    auto& one = unanswerable[example.label];
    if (one.count++ == 0) one.first_place = example.place;
  }
  data::Problems problems;
  for (const auto& [label, one] : unanswerable) {
    const auto others = one.count > 1 ? " and " + std::to_string(one.count - 1) + " more" : std::string();
    problems.add(place_of_answers(task) + "no word has the label " + std::to_string(label) + " of " + one.first_place +
                 others + "; they have " + known_labels(task) +
                 (label == -1 ? ". -1 marks GLUE's unlabelled test split: take the validation split"
                              : ". Give that label a word, or leave the examples out"));
  }
  problems.throw_if_any();
}

void check_answer_lengths(const core::TaskConfig& task, const model::Tokenizer& tokenizer) {
  data::Problems problems;
  for (const auto& answer : task.answers) {
    // Behind the marker a model goes on with or without a blank.
    const auto needed = std::min(tokenizer.encode_continuation(answer.word).size(),
                                 tokenizer.encode_continuation(" " + answer.word).size());
    if (static_cast<int>(needed) <= task.max_new_tokens) continue;
    problems.add(place_of_answers(task) + "\"" + answer.word + "\" has " + std::to_string(needed) +
                 " tokens, but max_new_tokens is " + std::to_string(task.max_new_tokens) +
                 ", so no answer can hold it; raise max_new_tokens or take a shorter word");
  }
  problems.throw_if_any();
}

}  // namespace lethe::worker::inline planning
