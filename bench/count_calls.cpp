// What a GPU would be asked for, counted without one: operations, waits and uploads of an edit, of scores and of tasks,
// on the stand-in for a GPU (tests/support/counted_work.h). Prints a Markdown table. Settings as in bench_world.h;
// times mean nothing.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "bench/bench_world.h"
#include "data/task_examples.h"
#include "tests/support/counted_work.h"

namespace {

using lethe::bench::bench_world;

void print_row(const std::string& name, const lethe::test::ForeignCounts& asked, const std::string& note) {
  std::printf("| `%s` | %lld | %lld | %lld | %lld | %s |\n", name.c_str(), static_cast<long long>(asked.operators),
              static_cast<long long>(asked.waits), static_cast<long long>(asked.downloads),
              static_cast<long long>(asked.uploads), note.c_str());
  std::fflush(stdout);
}

void count_edits() {
  const auto& world = bench_world();
  const auto num_layers = world.network.architecture().num_layers;
  for (const auto& [name, config] : world.model().methods) {
    const auto method = world.method(name, world.contexts(name));
    const auto edit = lethe::test::count_edit(*method, world.network, world.requests.front());
    const auto lowest = lethe::core::lowest_edited_layer(config, num_layers);
    print_row("edit/" + name, edit.asked,
              edit.is_made ? std::to_string(edit.num_losses) + " losses, lowest edited block " +
                                 std::to_string(lowest) + " of " + std::to_string(num_layers)
                           : "the edit failed");
  }
}

void count_evaluation() {
  const auto& world = bench_world();
  print_row("score_record", lethe::test::count_scores(world.network, world.tokenizer, {world.requests.data(), 1}),
            "13 prompts");
  lethe::metrics::ScoreOptions options;
  options.rewrite_only = true;
  print_row("ask_edit_prompts", lethe::test::count_scores(world.network, world.tokenizer, world.requests, options),
            std::to_string(world.requests.size()) + " prompts");
  for (const auto& task : world.config.tasks) {
    const auto prepared = lethe::metrics::prepare_task(task, lethe::data::read_task_examples(task.examples),
                                                       world.tokenizer, world.network.architecture());
    print_row(
        "task/" + task.name, lethe::test::count_task(world.network, world.tokenizer, prepared),
        std::to_string(prepared.rows.size()) + " examples, " + std::to_string(task.max_new_tokens) + " new tokens");
  }
}

}  // namespace

int main() try {
  const auto device = lethe::test::foreign_device();
  setenv("LETHE_BENCH_DEVICE", device.str().c_str(), 1);
  std::printf("%s\n\n| | operations | waits | of them copies | uploads | |\n|---|---|---|---|---|---|\n",
              bench_world().model_name.c_str());
  count_edits();
  count_evaluation();
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "lethe_count_calls: %s\n", error.what());
  return 1;
}
