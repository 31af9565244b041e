#include <benchmark/benchmark.h>

#include "bench/bench_world.h"
#include "metrics/downstream.h"
#include "metrics/rewrite_scores.h"

namespace lethe::bench {
namespace {

/// Rewrite, paraphrase and neighbourhood prompts of 100 records, both targets.
void evaluate_100_records(benchmark::State& state) {
  const auto& world = bench_world();
  for (auto _ : state) {
    benchmark::DoNotOptimize(metrics::score_requests(world.network, world.tokenizer, world.requests));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(world.requests.size()));
}
BENCHMARK(evaluate_100_records)->Unit(benchmark::kMillisecond)->UseRealTime();

/// Forgetting: the edit prompts of 100 records alone.
void ask_100_edit_prompts(benchmark::State& state) {
  const auto& world = bench_world();
  metrics::ScoreOptions options;
  options.rewrite_only = true;
  for (auto _ : state) {
    benchmark::DoNotOptimize(metrics::score_requests(world.network, world.tokenizer, world.requests, options));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(world.requests.size()));
}
BENCHMARK(ask_100_edit_prompts)->Unit(benchmark::kMillisecond)->UseRealTime();

/// The first downstream task: all its examples, few-shot prefix prefilled once.
void downstream_task(benchmark::State& state) {
  const auto& world = bench_world();
  const auto& config = world.config.tasks.front();
  const auto examples = data::read_task_examples(config.examples);
  const auto task = metrics::prepare_task(config, examples, world.tokenizer, world.network.architecture());
  for (auto _ : state) {
    benchmark::DoNotOptimize(metrics::evaluate_task(world.network, world.tokenizer, task));
  }
  state.SetLabel(config.name);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(examples.size()));
}
BENCHMARK(downstream_task)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace lethe::bench
