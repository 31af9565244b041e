// What there is to measure depends on the config (bench_world.h), so benchmarks are registered after it is read.
#include <exception>
#include <iostream>

#include <benchmark/benchmark.h>

#include "bench/registrations.h"

int main(int argc, char** argv) try {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 64;
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
