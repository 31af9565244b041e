#include <benchmark/benchmark.h>

#include "bench/bench_world.h"
#include "bench/registrations.h"
#include "data/task_examples.h"
#include "metrics/downstream.h"
#include "metrics/rewrite_scores.h"

namespace lethe::bench {
namespace {

/// What follows each edit: rewrite, paraphrase and neighbourhood prompts of one record, both targets.
void score_record(benchmark::State& state) {
  const auto& world = bench_world();
  std::size_t next = 0;
  for (auto _ : state) {
    const std::span record(&world.requests[next++ % world.requests.size()], 1);
    benchmark::DoNotOptimize(metrics::score_requests(world.network, world.tokenizer, record));
  }
  state.SetItemsProcessed(state.iterations());
}

/// Forgetting: the edit prompts of all requests (100 of them) alone.
void ask_edit_prompts(benchmark::State& state) {
  const auto& world = bench_world();
  metrics::ScoreOptions options;
  options.rewrite_only = true;
  for (auto _ : state) {
    benchmark::DoNotOptimize(metrics::score_requests(world.network, world.tokenizer, world.requests, options));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(world.requests.size()));
}

/// A downstream task: all its examples, few-shot prefix prefilled once.
void answer_task(benchmark::State& state, const core::TaskConfig& config) {
  const auto& world = bench_world();
  const auto examples = data::read_task_examples(config.examples);
  const auto task = metrics::prepare_task(config, examples, world.tokenizer, world.network.architecture());
  for (auto _ : state) {
    benchmark::DoNotOptimize(metrics::evaluate_task(world.network, world.tokenizer, task));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(examples.size()));
}

}  // namespace

void register_metrics_benchmarks() {
  benchmark::RegisterBenchmark("score_record", score_record)->Unit(benchmark::kMillisecond)->UseRealTime();
  benchmark::RegisterBenchmark("ask_edit_prompts", ask_edit_prompts)->Unit(benchmark::kMillisecond)->UseRealTime();
  for (const auto& task : bench_world().config.tasks) {
    benchmark::RegisterBenchmark(("task/" + task.name).c_str(),
                                 [&task](benchmark::State& state) { answer_task(state, task); })
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  }
}

}  // namespace lethe::bench
