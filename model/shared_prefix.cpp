#include "model/shared_prefix.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "model/row_batches.h"
#include "model/row_checks.h"

// Legend: B rows, T tokens, P shared prefix positions, D width.

namespace lethe::model {
namespace {

/// The lowest blocks of a network, whose states may be kept from one call to the next.
class LowerBlocks {
 public:
  LowerBlocks(const Network& network, const SharedPrefixOptions& options)
      : network_(network),
        cache_(options.cache),
        key_(options.cache_key),
        num_blocks_(options.cache == nullptr ? 0 : options.cache->open(network)) {}

  [[nodiscard]] int num_blocks() const { return num_blocks_; }

  /// States of right-padded rows behind `shared`, which `name` tells apart under one cache key.
  LowerStates states(const TokenRows& rows, const KeyValues& shared, const std::string& name) const {
    if (num_blocks_ == 0) return {network_.embed(rows.ids_BT, shared.lengths), {}};
    if (const auto* kept = cache_->find(key_ + name)) return *kept;
    LowerStates states;
    ForwardOptions options;
    options.last_layer = num_blocks_ - 1;
    options.prefix = &shared;
    options.collected = &states.keys_values;
    states.hidden_BTD = network_.forward_layers(network_.embed(rows.ids_BT, shared.lengths), options);
    states.keys_values = rows_before(states.keys_values, rows.lengths_B);
    cache_->keep(key_ + name, states);
    return states;
  }

 private:
  const Network& network_;
  LowerStateCache* cache_;
  std::string key_;
  int num_blocks_;
};

/// Answers to the rows of one batch behind a shared prefix.
class AnswerBatch {
 public:
  AnswerBatch(const Network& network, const KeyValues& shared, const SharedPrefixOptions& options)
      : network_(network), shared_(shared), options_(options) {}

  std::vector<std::vector<TokenId>> run(std::span<const std::vector<TokenId>> rows, const LowerBlocks& lower,
                                        const std::string& name) {
    std::vector<std::vector<TokenId>> answers(rows.size());
    std::vector<bool> is_open(rows.size(), true);
    auto ids_B1 = prefill(pad_rows(rows, network_.device()), lower, name);
    for (int step = 1;; ++step) {
      const auto ids = ids_B1.to(torch::kCPU).contiguous();
      for (std::size_t r = 0; r < rows.size(); ++r) {
        const auto id = static_cast<TokenId>(ids.data_ptr<std::int64_t>()[r]);
        is_open[r] = is_open[r] && id != options_.end_of_text;
        if (is_open[r]) answers[r].push_back(id);
      }
      const bool is_done = std::find(is_open.begin(), is_open.end(), true) == is_open.end();
      if (step >= options_.max_new_tokens || is_done) return answers;
      ids_B1 = decode(ids_B1, /*is_last=*/step + 1 >= options_.max_new_tokens);
    }
  }

 private:
  /// Greedy next tokens [B,1] behind the rows.
  torch::Tensor prefill(const TokenRows& rows, const LowerBlocks& lower, const std::string& name) {
    const auto states = lower.states(rows, shared_, name);
    KeyValues collected;
    ForwardOptions options;
    options.first_layer = lower.num_blocks();
    options.prefix = &shared_;
    options.collected = &collected;
    options.read_positions_N = flat_positions(rows.lengths_B - 1, rows.ids_BT.size(1));
    const auto hidden_BD = network_.forward_layers(states.hidden_BTD, options);
    if (options_.max_new_tokens > 1) {
      own_ = joined_blocks(states.keys_values, collected.empty() ? collected : rows_before(collected, rows.lengths_B));
    }
    return network_.logits(hidden_BD).argmax(1, true);
  }

  /// Greedy next tokens [B,1] behind one more token of each row.
  torch::Tensor decode(const torch::Tensor& ids_B1, bool is_last) {
    KeyValues collected;
    ForwardOptions options;
    options.prefix = &shared_;
    options.row_prefix = &own_;
    options.collected = &collected;
    const auto offsets_B = shared_.lengths.defined() ? own_.lengths + shared_.lengths : own_.lengths;
    const auto hidden_B1D = network_.forward_layers(network_.embed(ids_B1, offsets_B), options);
    if (!is_last) own_ = append(own_, collected);
    return network_.logits(hidden_B1D.select(1, 0)).argmax(1, true);
  }

  const Network& network_;
  const KeyValues& shared_;
  const SharedPrefixOptions& options_;
  KeyValues own_;
};

KeyValues prefill_shared(const Network& network, std::span<const TokenId> shared, const LowerBlocks& lower) {
  KeyValues collected;
  if (shared.empty()) return collected;
  const std::vector<std::vector<TokenId>> row(1, {shared.begin(), shared.end()});
  const auto rows = pad_rows(row, network.device());
  const auto states = lower.states(rows, {}, "/shared");
  ForwardOptions options;
  options.first_layer = lower.num_blocks();
  options.collected = &collected;
  options.read_positions_N = torch::empty({0}, rows.lengths_B.options());  // keys and values are all that is wanted
  (void)network.forward_layers(states.hidden_BTD, options);
  return joined_blocks(states.keys_values, collected);
}

}  // namespace

std::vector<std::vector<TokenId>> answer_with_shared_prefix(const Network& network, std::span<const TokenId> shared,
                                                            std::span<const std::vector<TokenId>> rows,
                                                            const SharedPrefixOptions& options) {
  const torch::NoGradGuard no_grad;
  std::vector<std::vector<TokenId>> answers(rows.size());
  if (rows.empty() || options.max_new_tokens < 1) return answers;
  check_not_empty(rows);
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rows[a].size() < rows[b].size(); });
  check_positions(network,
                  shared.size() + rows[order.back()].size() + static_cast<std::size_t>(options.max_new_tokens) - 1);

  std::vector<std::int64_t> lengths;
  for (const auto row : order) lengths.push_back(std::ssize(rows[row]));
  const BatchLimits limits{.rows = std::max(options.batch_rows, 1), .padding = options.padding_tokens};
  const LowerBlocks lower(network, options);
  const auto prefix = prefill_shared(network, shared, lower);
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    if (options.before_batch) options.before_batch();
    end = begin + first_batch_size(std::span(lengths).subspan(begin), limits);
    std::vector<std::vector<TokenId>> batch;
    for (auto i = begin; i < end; ++i) batch.push_back(rows[order[i]]);
    auto batch_answers = AnswerBatch(network, prefix, options).run(batch, lower, "/" + std::to_string(begin));
    for (auto i = begin; i < end; ++i) answers[order[i]] = std::move(batch_answers[i - begin]);
  }
  return answers;
}

}  // namespace lethe::model
