#pragma once

#include <cstdint>
#include <filesystem>

#include "worker/task_monitor.h"
#include "worker/workspace.h"

namespace lethe::worker::inline commands {

/// Tokens that second moments of `inner_width` dimensions take of a model's own text: four a dimension, at least
/// 20,000.
std::int64_t sampled_tokens(std::int64_t inner_width);

/// Writes text of a model's own as a corpus, a document a line in JSON: drawn from its full distribution with `seed`,
/// begun at the end of a text (where its tokenizer has no such token, at "The"), until at least `num_tokens` are there.
/// The same model, seed and device give the same text. False if told to stop before the end.
bool write_sampled_corpus(const std::filesystem::path& file, const LoadedModel& model, std::uint64_t seed,
                          std::int64_t num_tokens, TaskMonitor& monitor);

}  // namespace lethe::worker::inline commands
