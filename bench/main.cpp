// What there is to measure depends on the config (bench_world.h), so benchmarks are registered after it is read.
#include <exception>
#include <iostream>
#include <string>

#include <benchmark/benchmark.h>

#include "bench/bench_world.h"
#include "bench/registrations.h"

namespace {

/// The model's shape, into the "context" of JSON results.
void add_context() {
  const auto& world = lethe::bench::bench_world();
  const auto& shape = world.network.architecture();
  benchmark::AddCustomContext("model", world.model_name);
  benchmark::AddCustomContext("num_layers", std::to_string(shape.num_layers));
  benchmark::AddCustomContext("width", std::to_string(shape.width));
  benchmark::AddCustomContext("inner_width", std::to_string(shape.inner_width));
  benchmark::AddCustomContext("vocab_size", std::to_string(shape.vocab_size));
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
