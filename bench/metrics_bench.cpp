#include <algorithm>
#include <set>
#include <span>
#include <string>

#include <benchmark/benchmark.h>

#include "bench/bench_world.h"
#include "bench/registrations.h"
#include "bench/work_counts.h"
#include "data/task_examples.h"
#include "metrics/downstream.h"
#include "metrics/rewrite_scores.h"

namespace lethe::bench {
namespace {

double total_score_tokens(std::span<const data::EditRequest> requests, bool rewrite_only) {
  std::int64_t tokens = 0;
  for (const auto& request : requests) tokens += score_tokens(bench_world(), request, rewrite_only);
  return static_cast<double>(tokens);
}

/// What follows each edit: rewrite, paraphrase and neighbourhood prompts of one record, both targets.
void score_record(benchmark::State& state) {
  const auto& world = bench_world();
  std::size_t next = 0;
  for (auto _ : state) {
    const std::span record(&world.requests[next++ % world.requests.size()], 1);
    benchmark::DoNotOptimize(metrics::score_requests(world.network, world.tokenizer, record));
  }
  state.SetItemsProcessed(state.iterations());
  const auto scored = std::span(world.requests).first(std::min(std::max<std::size_t>(next, 1), world.requests.size()));
  state.counters["tokens"] = total_score_tokens(scored, false) / static_cast<double>(scored.size());
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
  state.counters["tokens"] = total_score_tokens(world.requests, true);
}

metrics::PreparedTask prepared(const core::TaskConfig& config) {
  const auto& world = bench_world();
  return metrics::prepare_task(config, data::read_task_examples(config.examples), world.tokenizer,
                               world.network.architecture());
}

void count_task(benchmark::State& state, const metrics::PreparedTask& task) {
  state.counters["tokens"] = static_cast<double>(task_tokens(task));
  state.counters["rows"] = static_cast<double>(task.rows.size());
  state.counters["new_tokens"] = static_cast<double>(task.config.max_new_tokens);
}

/// A downstream task: all its examples, few-shot prefix prefilled once.
void answer_task(benchmark::State& state, const core::TaskConfig& config) {
  const auto& world = bench_world();
  const auto task = prepared(config);
  for (auto _ : state) {
    benchmark::DoNotOptimize(metrics::evaluate_task(world.network, world.tokenizer, task));
  }
  state.SetItemsProcessed(state.iterations() * std::ssize(task.rows));
  count_task(state, task);
}

/// The same of a model edited from block `layer` on, as at a cell's second checkpoint: what lower blocks make of the
/// prompts is kept from the first.
void answer_task_again(benchmark::State& state, const core::TaskConfig& config, int layer) {
  const auto& world = bench_world();
  const auto task = prepared(config);
  auto edited = world.network;
  const auto weight = world.network.architecture().down_projection(layer).weight;
  edited.set_parameter(weight, world.network.parameter(weight).clone());
  model::LowerStateCache cache(core::bytes_of_gb(world.config.reducer_cache_gb));
  (void)metrics::evaluate_task(edited, world.tokenizer, task, &cache);
  for (auto _ : state) {
    benchmark::DoNotOptimize(metrics::evaluate_task(edited, world.tokenizer, task, &cache));
  }
  state.SetItemsProcessed(state.iterations() * std::ssize(task.rows));
  count_task(state, task);
  state.counters["kept_mb"] = static_cast<double>(cache.num_bytes()) / 1e6;
}

/// Lowest edited layers of the model's methods, each once, without the bottom one, below which is nothing.
std::set<int> lowest_layers() {
  const auto& world = bench_world();
  std::set<int> lowest;
  for (const auto& [name, method] : world.model().methods) {
    lowest.insert(static_cast<int>(core::lowest_edited_layer(method, world.network.architecture().num_layers)));
  }
  lowest.erase(0);
  return lowest;
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
    for (const int layer : lowest_layers()) {
      benchmark::RegisterBenchmark(("task_again/" + task.name + "/layer" + std::to_string(layer)).c_str(),
                                   [&task, layer](benchmark::State& state) { answer_task_again(state, task, layer); })
          ->Unit(benchmark::kMillisecond)
          ->UseRealTime();
    }
  }
}

}  // namespace lethe::bench
