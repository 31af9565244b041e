#pragma once

#include <vector>

#include "data/edit_request.h"
#include "model/network.h"
#include "model/tokenizer/tokenizer.h"
#include "worker/commands/tally.h"

namespace lethe::worker::inline commands {

/// How many of the true objects a model names (teacher-forced argmax), by kind of prompt.
struct Recall {
  Tally edit;
  Tally paraphrase;
  Tally neighborhood;
};

/// Asks every edit, paraphrase and neighbourhood prompt of the records for its true object.
Recall measure_recall(const model::Network& network, const model::Tokenizer& tokenizer,
                      std::vector<data::EditRequest> records);

}  // namespace lethe::worker::inline commands
