#pragma once

#include "core/config/experiment_config.h"
#include "data/task_examples.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::worker::inline planning {

/// Throws `core::DataError` if an example's label is that of no answer word: whatever the model answered, it would
/// count as wrong, or, with GLUE's -1 for "unlabelled", as right where the model gives no answer at all.
void check_labels(const core::TaskConfig& task, const data::TaskExamples& examples);

/// Throws `core::DataError` if an answer word has more tokens than are generated, so that no model could give it.
void check_answer_lengths(const core::TaskConfig& task, const model::Tokenizer& tokenizer);

}  // namespace lethe::worker::inline planning
