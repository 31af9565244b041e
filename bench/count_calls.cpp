// What a GPU would be asked for, counted without one: operations, waits and uploads of an edit, of scores and of tasks,
// on the stand-in for a GPU (tests/support/foreign_device.h). Prints a Markdown table. Settings as in bench_world.h;
// times mean nothing.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <string>

#include "bench/bench_world.h"
#include "data/task_examples.h"
#include "metrics/downstream.h"
#include "metrics/rewrite_scores.h"
#include "tests/support/foreign_device.h"

namespace {

using lethe::bench::bench_world;
using lethe::test::foreign_counts;

/// Of the second call: the first one pays for what a process does once.
void print_row(const std::string& name, const std::function<std::string()>& use) {
  use();
  const auto before = foreign_counts();
  const auto note = use();
  const auto after = foreign_counts();
  std::printf("| `%s` | %lld | %lld | %lld | %s |\n", name.c_str(),
              static_cast<long long>(after.operators - before.operators),
              static_cast<long long>(after.waits - before.waits),
              static_cast<long long>(after.uploads - before.uploads), note.c_str());
  std::fflush(stdout);
}

void count_edits() {
  const auto& world = bench_world();
  for (const auto& [name, config] : world.model().methods) {
    const auto method = world.method(name, world.contexts(name));
    const auto lowest = lethe::core::lowest_edited_layer(config, world.network.architecture().num_layers);
    print_row("edit/" + name, [&] {
      const auto history = method->begin();
      auto after = method->compute_after(history.get(), world.network, {world.requests.data(), 1});
      const auto* step = std::get_if<lethe::editing::EditStep>(&after.outcome);
      if (step == nullptr) return std::string("the edit failed");
      return std::to_string(step->trace_of(0).losses.size()) + " losses, lowest edited block " +
             std::to_string(lowest) + " of " + std::to_string(world.network.architecture().num_layers);
    });
  }
}

void count_evaluation() {
  const auto& world = bench_world();
  print_row("score_record", [&] {
    (void)lethe::metrics::score_requests(world.network, world.tokenizer, {world.requests.data(), 1});
    return std::string("13 prompts");
  });
  lethe::metrics::ScoreOptions options;
  options.rewrite_only = true;
  print_row("ask_edit_prompts", [&] {
    (void)lethe::metrics::score_requests(world.network, world.tokenizer, world.requests, options);
    return std::to_string(world.requests.size()) + " prompts";
  });
  for (const auto& task : world.config.tasks) {
    const auto prepared = lethe::metrics::prepare_task(task, lethe::data::read_task_examples(task.examples),
                                                       world.tokenizer, world.network.architecture());
    print_row("task/" + task.name, [&] {
      (void)lethe::metrics::evaluate_task(world.network, world.tokenizer, prepared);
      return std::to_string(prepared.rows.size()) + " examples, " + std::to_string(task.max_new_tokens) + " new tokens";
    });
  }
}

}  // namespace

int main() try {
  const auto device = lethe::test::foreign_device();
  setenv("LETHE_BENCH_DEVICE", device.str().c_str(), 1);
  std::printf("%s\n\n| | operations | waits | uploads | |\n|---|---|---|---|---|\n", bench_world().model_name.c_str());
  count_edits();
  count_evaluation();
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "lethe_count_calls: %s\n", error.what());
  return 1;
}
