#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "editing/edit_method.h"
#include "storage/segment.h"
#include "worker/workspace.h"

namespace lethe::worker {

// What a file of second moments says of itself beside its numbers, under /provenance: how far they can be trusted.

inline constexpr const char* kConditionKey = "condition_number";
inline constexpr const char* kTokensCutKey = "tokens_beyond_positions";

/// Adds the condition number of a model's second moment, factored where the model's edits will factor it. One that
/// cannot be is said to be singular: null spaces are made of it all the same.
void note_condition(storage::Provenance& provenance, const Workspace& workspace, const std::string& model,
                    const editing::SecondMoment& moment, int layer);
/// The same of one that is known already.
void note_condition(storage::Provenance& provenance, const std::string& condition);
/// Adds how many of a corpus's tokens stood beyond the model's positions and were not summed.
void note_tokens_cut(storage::Provenance& provenance, std::int64_t num_tokens, std::int64_t num_tokens_cut);

/// Lines for people about the second moments of a model that are committed: condition numbers, a warning where digits
/// are at stake, tokens cut. Nothing for a file that does not say, or cannot be read.
std::vector<std::string> moments_notes(Workspace& workspace, const std::string& model);

}  // namespace lethe::worker
