#include <benchmark/benchmark.h>

#include "bench/bench_world.h"

namespace lethe::bench {
namespace {

/// One edit of the unedited model: optimisation and update, without scoring.
void edit(benchmark::State& state, const char* name) {
  const auto& world = bench_world();
  const auto method = world.method(name);
  std::size_t next = 0;
  std::int64_t num_steps = 0;
  for (auto _ : state) {
    const auto outcome = method->compute(world.network, {&world.requests[next++ % world.requests.size()], 1});
    if (const auto* step = std::get_if<editing::EditStep>(&outcome)) {
      num_steps += static_cast<std::int64_t>(step->losses.size());
    } else {
      state.SkipWithError("an edit of the unedited model failed");
    }
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["optimiser_steps"] =
      benchmark::Counter(static_cast<double>(num_steps), benchmark::Counter::kAvgIterations);
}

BENCHMARK_CAPTURE(edit, rome, "rome")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(edit, memit, "memit")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(edit, ft_c, "ft-c")->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace lethe::bench
