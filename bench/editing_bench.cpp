#include <benchmark/benchmark.h>

#include "bench/bench_world.h"
#include "bench/registrations.h"

namespace lethe::bench {
namespace {

/// One edit of the unedited model: optimisation and update, without scoring.
void edit(benchmark::State& state, const std::string& name) {
  const auto& world = bench_world();
  const auto method = world.method(name);
  auto method_state = method->initial_state();
  std::size_t next = 0;
  std::int64_t num_losses = 0;
  for (auto _ : state) {
    auto after =
        method->compute_after(method_state, world.network, {&world.requests[next++ % world.requests.size()], 1});
    method_state = std::move(after.state);
    if (const auto* step = std::get_if<editing::EditStep>(&after.outcome)) {
      num_losses += static_cast<std::int64_t>(step->trace_of(0).losses.size());
    } else {
      state.SkipWithError("an edit of the unedited model failed");
    }
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["losses"] = benchmark::Counter(static_cast<double>(num_losses), benchmark::Counter::kAvgIterations);
}

}  // namespace

void register_editing_benchmarks() {
  for (const auto& [name, method] : bench_world().model().methods) {
    benchmark::RegisterBenchmark(("edit/" + name).c_str(),
                                 [name = name](benchmark::State& state) { edit(state, name); })
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  }
}

}  // namespace lethe::bench
