#pragma once

#include <memory>
#include <vector>

#include "core/experiment_config.h"
#include "data/edit_request.h"
#include "editing/edit_method.h"
#include "model/network.h"
#include "model/tokenizer.h"

namespace lethe::bench {

/// What every benchmark works on: configs/quickstart.yaml's records, tasks and hyper-parameters, and one model.
///   LETHE_BENCH_MODEL    folder of a GPT-2 or GPT-J model, or "random-124m": GPT-2's 124 M shape with random
///                        weights. Default: assets/small-gpt2.
///   LETHE_BENCH_THREADS  compute threads, default 1 (what one executor has by default).
struct BenchWorld {
  core::ExperimentConfig config;
  model::Network network;
  model::Tokenizer tokenizer;
  std::vector<data::EditRequest> requests;  ///< the first 100 edits of sample 0

  /// `name` as configured for small-gpt2, ready to edit `network`; ROME with second moments of 500 documents.
  [[nodiscard]] std::unique_ptr<editing::EditMethod> method(const char* name) const;
};

/// Loaded at the first call, once per process.
const BenchWorld& bench_world();

}  // namespace lethe::bench
