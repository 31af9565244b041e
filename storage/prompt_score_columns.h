#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/metric_record.h"
#include "storage/hdf5_reader.h"
#include "storage/hdf5_writer.h"

// Prompt scores as columns `kind`, `nll_new`, `nll_true`, `is_correct`, `margin`, one row a prompt, and the tokens of
// its targets as `target_new/{id,nll,argmax,offsets}` and `target_true/..`, which older files lack. Private to
// storage/.

namespace lethe::storage::hdf5 {

/// Groups of the targets' tokens.
inline constexpr std::array kTokenGroups{"target_new", "target_true"};

void write_scores(const WriteGroup& group, std::span<const core::PromptScore> scores);
/// All columns must have the length of `kind`, which is `num_rows` if given.
std::vector<core::PromptScore> read_scores(const ReadGroup& group, std::optional<std::int64_t> num_rows = {});

}  // namespace lethe::storage::hdf5
