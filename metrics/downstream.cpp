#include "metrics/downstream.h"

#include <algorithm>

#include "core/error.h"
#include "data/json_entries.h"
#include "model/row_checks.h"
#include "model/shared_prefix.h"

namespace lethe::metrics {
namespace {

using model::TokenId;

/// Length of the common token prefix of all prompts; at least one token stays in every row.
std::size_t common_prefix(const std::vector<std::vector<TokenId>>& prompts) {
  std::size_t length = prompts.front().size() - 1;
  for (const auto& prompt : prompts) {
    length = std::min(length, prompt.size() - 1);
    const auto mismatch =
        std::mismatch(prompt.begin(), prompt.begin() + static_cast<std::ptrdiff_t>(length), prompts.front().begin());
    length = static_cast<std::size_t>(mismatch.first - prompt.begin());
  }
  return length;
}

std::vector<TokenId> encode_prompt(const core::TaskConfig& config, const data::TaskExample& example,
                                   const model::Tokenizer& tokenizer, const model::Architecture& architecture) {
  const auto query = data::fill_query(config.query, example);
  if (match_answer(config, query) != -1) {
    throw core::DataError("its text stands behind the marker of task " + config.name +
                          " and holds an answer word, so that it would answer itself; expected the marker behind it");
  }
  auto ids = tokenizer.encode_prompt(config.prefix + query);
  const auto problem =
      ids.empty() ? std::string("has no tokens")
                  : model::row_problem(ids, static_cast<std::size_t>(config.max_new_tokens), architecture, tokenizer);
  if (problem.empty()) return ids;
  throw core::DataError("the prompt of task " + config.name + ", prefix included, " + problem);
}

std::string stripped(const std::string& text) {
  const char* blanks = " \t\n\r\f\v";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace

PreparedTask prepare_task(const core::TaskConfig& config, const data::TaskExamples& examples,
                          const model::Tokenizer& tokenizer, const model::Architecture& architecture) {
  if (examples.empty()) throw core::DataError(config.examples.string() + ": no examples");
  PreparedTask task;
  task.config = config;
  std::vector<std::vector<TokenId>> prompts;
  data::Problems problems;
  for (const auto& example : examples) {
    try {
      prompts.push_back(encode_prompt(config, example, tokenizer, architecture));
      task.labels.push_back(example.label);
    } catch (const core::DataError& error) {
      problems.add((example.place.empty() ? config.examples.string() : example.place) + ": " + error.what());
    }
  }
  problems.throw_if_any();
  const auto shared = static_cast<std::ptrdiff_t>(common_prefix(prompts));
  task.shared_prefix.assign(prompts.front().begin(), prompts.front().begin() + shared);
  for (const auto& prompt : prompts) task.rows.emplace_back(prompt.begin() + shared, prompt.end());
  return task;
}

int match_answer(const core::TaskConfig& config, const std::string& decoded) {
  const auto marker = decoded.rfind(config.marker);
  if (marker == std::string::npos) return -1;
  const auto answer = stripped(decoded.substr(marker + config.marker.size()));
  for (const auto& candidate : config.answers) {
    if (answer.find(candidate.word) != std::string::npos) return candidate.label;
  }
  return -1;
}

core::TaskRecord evaluate_task(const model::Network& network, const model::Tokenizer& tokenizer,
                               const PreparedTask& task, model::LowerStateCache* cache,
                               const model::BeforeBatch& before_batch) {
  model::SharedPrefixOptions options;
  options.max_new_tokens = task.config.max_new_tokens;
  options.end_of_text = tokenizer.end_of_text();
  options.cache = cache;
  options.cache_key = task.config.name;
  options.before_batch = before_batch;
  auto answers = model::answer_with_shared_prefix(network, task.shared_prefix, task.rows, options);

  core::TaskRecord record;
  record.task = task.config.name;
  record.labels = task.labels;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    auto sequence = task.shared_prefix;
    sequence.insert(sequence.end(), task.rows[i].begin(), task.rows[i].end());
    sequence.insert(sequence.end(), answers[i].begin(), answers[i].end());
    record.predictions.push_back(match_answer(task.config, tokenizer.decode_cleaned(sequence, true)));
    record.generated_ids.push_back(std::move(answers[i]));
  }
  return record;
}

}  // namespace lethe::metrics
