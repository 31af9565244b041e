#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>

#include <ATen/ATen.h>

#include "bench/bench_world.h"
#include "bench/registrations.h"
#include "editing/key_history.h"

namespace lethe::bench {
namespace {

/// Keys that come in one block while a history is filled.
constexpr std::int64_t kBlockKeys = 250;

/// One key a step into one layer's history of `num_keys`, as AlphaEdit does: solved with, then kept.
void key_history_step(benchmark::State& state, std::int64_t num_keys) {
  const auto& network = bench_world().network;
  const std::int64_t width = network.architecture().inner_width;
  at::manual_seed(0);
  const at::TensorOptions options = at::TensorOptions().dtype(at::kDouble).device(network.device());
  auto history = editing::KeyHistory::over_identity(width, 10.0, network.device());
  while (history.num_keys() < num_keys) {
    history.append(at::randn({width, std::min(kBlockKeys, num_keys - history.num_keys())}, options));
  }
  const at::Tensor key_FN = at::randn({width, 1}, options);
  for (auto _ : state) {
    // An element asked for waits for the device.
    benchmark::DoNotOptimize(history.solve(key_FN)[0].item<double>());
    history.append(key_FN);
  }
  state.counters["bytes"] = static_cast<double>(history.num_bytes());
  state.counters["folded_keys"] = static_cast<double>(history.num_folded_keys());
}

}  // namespace

void register_key_history_benchmarks() {
  for (const std::int64_t num_keys : {1, 1000, 10000}) {
    benchmark::RegisterBenchmark(("key_history_step/" + std::to_string(num_keys)).c_str(),
                                 [num_keys](benchmark::State& state) { key_history_step(state, num_keys); })
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  }
}

}  // namespace lethe::bench
