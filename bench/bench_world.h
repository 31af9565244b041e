#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "data/edit_request.h"
#include "editing/edit_method.h"
#include "model/network.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::bench {

/// What every benchmark works on: one model of a config, with that config's records, tasks and hyper-parameters.
///   LETHE_BENCH_CONFIG   an experiment's YAML. Default: configs/quickstart.yaml.
///   LETHE_BENCH_MODEL    a model of that config (default: its first), or random:<name>, a shape with random weights:
///                        gpt2, gpt2-medium, gpt2-large, gpt2-xl or gpt-j-6b, edited as bench/random_shapes.yaml says.
///   LETHE_BENCH_HEAD_WIDTH   of a random shape: heads of this width, and all else in proportion; layers stay.
///   LETHE_BENCH_DEVICE   cpu or cuda, LETHE_BENCH_THREADS compute threads: in place of the config's.
struct BenchWorld {
  core::ExperimentConfig config;
  std::string model_name;
  model::Network network;
  model::Tokenizer tokenizer;
  std::vector<data::EditRequest> requests;  ///< the first 100 edits of the first sample, or as many as there are

  [[nodiscard]] const core::ModelConfig& model() const { return config.model(model_name); }
  /// Context templates of a method, sampled from `network`; none where it uses none.
  [[nodiscard]] editing::EditContexts contexts(const std::string& name) const;
  /// A method of the model, ready to edit `network` in `contexts`. Second moments are the published ones that the
  /// config names, or those of the first documents of its corpus, four tokens for each of a key's dimensions. MEND's
  /// editor is an untrained one.
  [[nodiscard]] std::unique_ptr<editing::EditMethod> method(const std::string& name,
                                                            editing::EditContexts contexts) const;
};

/// Loaded at the first call, once per process.
const BenchWorld& bench_world();

}  // namespace lethe::bench
