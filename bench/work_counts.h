#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "bench/bench_world.h"
#include "editing/edit_method.h"
#include "metrics/downstream.h"

namespace lethe::bench {

/// What an operation has to read, whatever computes it: from these counts and a shape follows its least arithmetic and
/// traffic (docs/benchmarks.md, "The floor"). Means over edits.
struct EditCounts {
  double num_rows = 0;        ///< rows that share a forward, the KL row included; 1 for methods without contexts
  double row_tokens = 0;      ///< tokens of all rows
  double step_positions = 0;  ///< positions that a value added at the subject's last token can reach and a loss reads
};

/// Where a method edits, and what it reads beside the model.
struct MethodCounts {
  std::int64_t lowest_layer = 0;
  std::int64_t num_layers = 0;      ///< edited ones, from the lowest up
  std::int64_t num_moments = 0;     ///< second moments that a step solves with
  std::int64_t editor_weights = 0;  ///< of MEND's networks
};

MethodCounts method_counts(const BenchWorld& world, const std::string& name);

/// Of `requests` edited by the model's method `name` in `contexts`.
EditCounts edit_counts(const BenchWorld& world, const std::string& name, const editing::EditContexts& contexts,
                       std::span<const data::EditRequest> requests);

/// Tokens of the prompts that are scored of a request, and of both targets but what the prompts' rows predict.
std::int64_t score_tokens(const BenchWorld& world, const data::EditRequest& request, bool rewrite_only);

/// Tokens of all prompts of a task, their shared prefix once.
std::int64_t task_tokens(const metrics::PreparedTask& task);

}  // namespace lethe::bench
