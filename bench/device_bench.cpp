#include <benchmark/benchmark.h>

#include <torch/types.h>

#include "bench/bench_world.h"
#include "bench/registrations.h"

// What the device can do at most: the ground that the floors of docs/benchmarks.md stand on.

namespace lethe::bench {
namespace {

/// Waits for the device: reading one element does.
void wait_for(const torch::Tensor& tensor) { benchmark::DoNotOptimize(tensor.view(-1)[0].item<double>()); }

std::int64_t matrix_width() { return bench_world().network.device().is_cpu() ? 1024 : 8192; }

void multiply(benchmark::State& state, torch::Dtype dtype) {
  const auto width = matrix_width();
  const auto options = torch::dtype(dtype).device(bench_world().network.device());
  const auto left = torch::randn({width, width}, options);
  const auto right = torch::randn({width, width}, options);
  auto product = torch::empty({width, width}, options);
  wait_for(at::mm_out(product, left, right));  // the first call sets the library up
  for (auto _ : state) wait_for(at::mm_out(product, left, right));
  const auto size = static_cast<double>(width);
  state.counters["flops"] = benchmark::Counter(2.0 * size * size * size, benchmark::Counter::kIsIterationInvariantRate);
}

void copy(benchmark::State& state) {
  const auto num_floats = bench_world().network.device().is_cpu() ? std::int64_t{1} << 25 : std::int64_t{1} << 29;
  const auto source = torch::ones({num_floats}, torch::dtype(torch::kFloat).device(bench_world().network.device()));
  auto target = torch::empty_like(source);
  wait_for(target.copy_(source));
  for (auto _ : state) wait_for(target.copy_(source));
  state.counters["bytes"] =
      benchmark::Counter(8.0 * static_cast<double>(num_floats), benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace

void register_device_benchmarks() {
  const auto add = [](const char* name, auto measure) {
    benchmark::RegisterBenchmark(name, measure)->Unit(benchmark::kMillisecond)->UseRealTime();
  };
  add("device/multiply_fp32", [](benchmark::State& state) { multiply(state, torch::kFloat); });
  add("device/multiply_fp64", [](benchmark::State& state) { multiply(state, torch::kDouble); });
  add("device/copy", copy);
}

}  // namespace lethe::bench
