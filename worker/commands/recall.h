#pragma once

#include <cstdint>
#include <vector>

#include "data/edit_request.h"
#include "model/network.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::worker::inline commands {

/// How many of the true objects a model names (teacher-forced argmax), by kind of prompt.
struct Recall {
  struct Share {
    std::int64_t correct = 0;
    std::int64_t asked = 0;
    /// Percent; 0 if nothing was asked.
    [[nodiscard]] double percent() const;
  };
  Share edit;
  Share paraphrase;
  Share neighborhood;
};

/// Asks every edit, paraphrase and neighbourhood prompt of the records for its true object.
Recall measure_recall(const model::Network& network, const model::Tokenizer& tokenizer,
                      std::vector<data::EditRequest> records);

}  // namespace lethe::worker::inline commands
