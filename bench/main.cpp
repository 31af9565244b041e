// What there is to measure depends on the config (bench_world.h), so benchmarks are registered after it is read.
#include <cstdint>
#include <exception>
#include <functional>
#include <iostream>
#include <numeric>
#include <string>

#include <benchmark/benchmark.h>

#include "bench/bench_world.h"
#include "bench/registrations.h"
#include "model/architecture.h"

namespace {

/// Weights of a block's projections: what a pass through it reads and multiplies with.
std::int64_t block_weights(const lethe::model::Architecture& shape) {
  std::int64_t count = 0;
  for (const auto& parameter : lethe::model::parameter_shapes(shape)) {
    if (shape.block_of(parameter.name) != 0 || parameter.is_bias || lethe::model::is_norm(parameter.role)) continue;
    count += std::accumulate(parameter.shape.begin(), parameter.shape.end(), std::int64_t{1}, std::multiplies<>());
  }
  return count;
}

/// The model's shape, into the "context" of JSON results.
void add_context() {
  const auto& world = lethe::bench::bench_world();
  const auto& shape = world.network.architecture();
  benchmark::AddCustomContext("model", world.model_name);
  benchmark::AddCustomContext("num_layers", std::to_string(shape.num_layers));
  benchmark::AddCustomContext("width", std::to_string(shape.width));
  benchmark::AddCustomContext("inner_width", std::to_string(shape.inner_width));
  benchmark::AddCustomContext("vocab_size", std::to_string(shape.vocab_size));
  benchmark::AddCustomContext("block_weights", std::to_string(block_weights(shape)));
}

}  // namespace

int main(int argc, char** argv) try {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 64;
  add_context();
  lethe::bench::register_device_benchmarks();
  lethe::bench::register_editing_benchmarks();
  lethe::bench::register_key_history_benchmarks();
  lethe::bench::register_metrics_benchmarks();
  lethe::bench::register_storage_benchmarks();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
} catch (const std::exception& error) {
  std::cerr << "lethe_bench: " << error.what() << '\n';
  return 1;
}
