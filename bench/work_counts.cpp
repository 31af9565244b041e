#include "bench/work_counts.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "editing/edit_prompts.h"
#include "editing/methods/method_list.h"

namespace lethe::bench {
namespace {

std::int64_t num_tokens(const BenchWorld& world, const std::string& text) {
  return std::ssize(world.tokenizer.encode_prompt(text));
}

/// Every context row from its subject's last token on, and the KL row there alone.
EditCounts counts_of(const editing::EditPrompts& prompts) {
  EditCounts counts;
  counts.num_rows = static_cast<double>(prompts.rows.size());
  for (std::size_t row = 0; row < prompts.rows.size(); ++row) {
    counts.row_tokens += static_cast<double>(prompts.rows[row].size());
    const auto end = row < prompts.num_contexts() ? std::ssize(prompts.rows[row]) : prompts.kl_position + 1;
    counts.step_positions += static_cast<double>(end - prompts.subject_last[row]);
  }
  return counts;
}

}  // namespace

EditCounts edit_counts(const BenchWorld& world, const std::string& name, const editing::EditContexts& contexts,
                       std::span<const data::EditRequest> requests) {
  const auto count = [&](const data::EditRequest& request) {
    return editing::visit_config(
        world.model().methods.at(name), [&]<typename Config>(const Config& config) -> EditCounts {
          if constexpr (std::is_base_of_v<editing::ValueOptimizationConfig, Config>) {
            return counts_of(editing::make_edit_prompts(config, contexts, request, world.tokenizer,
                                                        world.network.architecture().max_positions));
          } else {
            const auto tokens = static_cast<double>(num_tokens(world, request.edit_prompt()));
            return {1.0, tokens, tokens};
          }
        });
  };
  EditCounts mean;
  const auto share = 1.0 / static_cast<double>(requests.size());
  for (const auto& request : requests) {
    const auto counts = count(request);
    mean.num_rows += share * counts.num_rows;
    mean.row_tokens += share * counts.row_tokens;
    mean.step_positions += share * counts.step_positions;
  }
  return mean;
}

MethodCounts method_counts(const BenchWorld& world, const std::string& name) {
  const auto& method = world.model().methods.at(name);
  const auto& shape = world.network.architecture();
  MethodCounts counts;
  counts.lowest_layer = core::lowest_edited_layer(method, shape.num_layers);
  counts.num_layers = std::ssize(method->edited_layers(shape.num_layers));
  counts.num_moments = std::ssize(method->second_moment_layers());
  if (const auto* mend = editing::find_config<editing::MendConfig>(method)) {
    const auto width = shape.width + shape.inner_width;
    // One network for each of the two shapes of a block's MLP weights, whose layers are products of two factors.
    counts.editor_weights =
        2 * (mend->training.hidden_layers + 1) * 2 * width * std::min<std::int64_t>(mend->training.rank, width);
  }
  return counts;
}

std::int64_t score_tokens(const BenchWorld& world, const data::EditRequest& request, bool rewrite_only) {
  std::vector<std::string> prompts{request.edit_prompt()};
  if (!rewrite_only) {
    prompts.insert(prompts.end(), request.paraphrase_prompts.begin(), request.paraphrase_prompts.end());
    prompts.insert(prompts.end(), request.neighborhood_prompts.begin(), request.neighborhood_prompts.end());
  }
  const auto targets = num_tokens(world, editing::spaced_target(request.target_new)) +
                       num_tokens(world, editing::spaced_target(request.target_true)) - 2;
  std::int64_t tokens = 0;
  for (const auto& prompt : prompts) tokens += num_tokens(world, prompt) + targets;
  return tokens;
}

std::int64_t task_tokens(const metrics::PreparedTask& task) {
  auto tokens = std::ssize(task.shared_prefix);
  for (const auto& row : task.rows) tokens += std::ssize(row);
  return tokens;
}

}  // namespace lethe::bench
