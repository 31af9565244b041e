#pragma once

#include <cstddef>
#include <span>

#include "data/edit_request.h"
#include "editing/edit_method.h"
#include "metrics/downstream.h"
#include "metrics/rewrite_scores.h"
#include "model/network.h"
#include "model/tokenizer/tokenizer.h"
#include "tests/support/foreign_device.h"

// What the pieces of a sweep's work ask of the stand-in for a GPU; the network is on it. Each is done twice and counted
// the second time: the first one pays for what a process does once. Counted by `test_device_calls`, which keeps the
// counts from growing, and by bench/count_calls.cpp for published shapes (docs/benchmarks.md, "Asked of a GPU").

namespace lethe::test {

struct CountedEdit {
  ForeignCounts asked;
  bool is_made = false;        ///< it did not fail
  std::size_t num_losses = 0;  ///< of the optimiser's steps
};
/// The first edit of a cell, of one fact.
CountedEdit count_edit(const editing::EditMethod& method, const model::Network& network,
                       const data::EditRequest& request);

ForeignCounts count_scores(const model::Network& network, const model::Tokenizer& tokenizer,
                           std::span<const data::EditRequest> requests, const metrics::ScoreOptions& options = {});

/// What a reduction of one task evaluates.
ForeignCounts count_task(const model::Network& network, const model::Tokenizer& tokenizer,
                         const metrics::PreparedTask& task);

}  // namespace lethe::test
