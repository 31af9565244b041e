#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "core/metric_record.h"
#include "data/task_examples.h"
#include "model/lower_states.h"
#include "model/network.h"
#include "model/row_batches.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::metrics {

/// One task's examples, tokenized once per process. The shared prefix is the longest common *token* prefix of
/// all prompts, prefilled once per model state.
struct PreparedTask {
  core::TaskConfig config;
  std::vector<std::int32_t> labels;
  std::vector<model::TokenId> shared_prefix;
  std::vector<std::vector<model::TokenId>> rows;  ///< prompts without the shared prefix, never empty
};
/// Throws `core::DataError` with the places of all examples that lack a field, whose prompts exceed the model's
/// positions or that have a token beyond its vocabulary.
PreparedTask prepare_task(const core::TaskConfig& config, const data::TaskExamples& examples,
                          const model::Tokenizer& tokenizer, const model::Architecture& architecture);

/// Greedy answers, decoded and matched as published (algorithms 8). `cache` keeps what blocks below the edited ones
/// make of the prompts, for the next state of the same model; answers do not depend on it.
core::TaskRecord evaluate_task(const model::Network& network, const model::Tokenizer& tokenizer,
                               const PreparedTask& task, model::LowerStateCache* cache = nullptr,
                               const model::BeforeBatch& before_batch = {});

/// The label of a decoded prompt + answer; -1 if no answer word is found.
int match_answer(const core::TaskConfig& config, const std::string& decoded);

}  // namespace lethe::metrics
