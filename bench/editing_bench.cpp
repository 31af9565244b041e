#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <benchmark/benchmark.h>

#include "bench/bench_world.h"
#include "bench/registrations.h"
#include "bench/work_counts.h"

namespace lethe::bench {
namespace {

/// A method and what it was made of. Making it can take far longer than an edit, and Google Benchmark asks for one edit
/// several times before it settles on a count: the last one made is kept, one alone for its memory.
struct Prepared {
  std::string name;
  editing::EditContexts contexts;
  std::unique_ptr<editing::EditMethod> method;
};

const Prepared& prepared(const std::string& name) {
  static std::optional<Prepared> kept;
  if (!kept || kept->name != name) {
    kept.reset();
    auto contexts = bench_world().contexts(name);
    auto method = bench_world().method(name, contexts);
    kept = Prepared{name, std::move(contexts), std::move(method)};
  }
  return *kept;
}

/// One edit of the unedited model: optimisation and update, without scoring.
void edit(benchmark::State& state, const std::string& name) {
  const auto& world = bench_world();
  const auto& contexts = prepared(name).contexts;
  const auto& method = prepared(name).method;
  const auto history = method->begin();
  std::size_t next = 0;
  std::int64_t num_losses = 0;
  for (auto _ : state) {
    auto after =
        method->compute_after(history.get(), world.network, {&world.requests[next++ % world.requests.size()], 1});
    if (history) method->fold(*history, after.increment);
    if (const auto* step = std::get_if<editing::EditStep>(&after.outcome)) {
      num_losses += static_cast<std::int64_t>(step->trace_of(0).losses.size());
    } else {
      state.SkipWithError("an edit of the unedited model failed");
    }
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["losses"] = benchmark::Counter(static_cast<double>(num_losses), benchmark::Counter::kAvgIterations);
  const auto num_edited = std::min(std::max<std::size_t>(next, 1), world.requests.size());
  const auto counts = edit_counts(world, name, contexts, std::span(world.requests).first(num_edited));
  const auto fixed = method_counts(world, name);
  state.counters["lowest_layer"] = static_cast<double>(fixed.lowest_layer);
  state.counters["edited_layers"] = static_cast<double>(fixed.num_layers);
  state.counters["moments"] = static_cast<double>(fixed.num_moments);
  state.counters["editor_weights"] = static_cast<double>(fixed.editor_weights);
  state.counters["rows"] = counts.num_rows;
  state.counters["row_tokens"] = counts.row_tokens;
  state.counters["step_positions"] = counts.step_positions;
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
