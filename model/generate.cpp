#include "model/generate.h"

#include <algorithm>
#include <utility>

#include "model/row_checks.h"

// Legend: B rows, T tokens, D width, V vocabulary, K likeliest tokens.

namespace lethe::model {
namespace {

/// Chooses one token from each row of logits, in row order.
class TokenChooser {
 public:
  TokenChooser(const torch::Tensor& logits_BV, int top_k) {
    if (top_k <= 1) {
      ids_BK_ = logits_BV.argmax(1, /*keepdim=*/true).to(torch::kCPU);
      return;
    }
    const auto k = std::min<std::int64_t>(top_k, logits_BV.size(1));
    auto [values_BK, ids_BK] = logits_BV.topk(k, 1);
    ids_BK_ = ids_BK.to(torch::kCPU).contiguous();
    // The softmax over the likeliest alone is the softmax over all, cut to them and renormalised.
    cumulative_BK_ = values_BK.to(torch::kCPU, torch::kFloat64).softmax(1).cumsum(1).contiguous();
  }

  /// Inverse of the cumulative distribution at one uniform draw (none if greedy).
  TokenId choose(std::int64_t row, core::RandomStream& random) const {
    const auto k = ids_BK_.size(1);
    const auto* ids = ids_BK_.data_ptr<std::int64_t>() + row * k;
    if (k == 1) return static_cast<TokenId>(ids[0]);
    const auto* cumulative = cumulative_BK_.data_ptr<double>() + row * k;
    const double draw = random.uniform();
    const auto* found = std::upper_bound(cumulative, cumulative + k, draw);
    return static_cast<TokenId>(ids[std::min<std::ptrdiff_t>(found - cumulative, k - 1)]);
  }

 private:
  torch::Tensor ids_BK_;
  torch::Tensor cumulative_BK_;
};

/// Rows that grow by a token a step behind one K/V cache; all have been fed equally many tokens.
class GrowingRows {
 public:
  GrowingRows(const Network& network, std::span<const std::vector<TokenId>> prompts) : network_(network) {
    num_fed_ = std::min_element(prompts.begin(), prompts.end(), [](const auto& a, const auto& b) {
                 return a.size() < b.size();
               })->size();
  }

  [[nodiscard]] std::size_t num_fed() const { return num_fed_; }

  /// Logits [B,V] behind the first `num_fed` tokens of every row.
  torch::Tensor feed_prompts(const std::vector<std::vector<TokenId>>& rows) {
    std::vector<std::vector<TokenId>> heads;
    for (const auto& row : rows) heads.emplace_back(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(num_fed_));
    return feed(pad_rows(heads, network_.device()).ids_BT, {});
  }

  /// Logits [B,V] behind one more token of every row; a finished row is fed anything.
  torch::Tensor feed_next(const std::vector<std::vector<TokenId>>& rows) {
    std::vector<std::vector<TokenId>> next;
    for (const auto& row : rows) next.push_back({num_fed_ < row.size() ? row[num_fed_] : TokenId{0}});
    const auto ids_B1 = pad_rows(next, network_.device()).ids_BT;
    const auto offset = torch::full({1}, static_cast<std::int64_t>(num_fed_), ids_B1.options());
    ++num_fed_;
    return feed(ids_B1, offset);
  }

 private:
  torch::Tensor feed(const torch::Tensor& ids_BT, const torch::Tensor& offset) {
    KeyValues extended;
    ForwardOptions options;
    options.row_prefix = &cache_;
    options.collected = &extended;
    options.collect_row_prefix = true;
    const auto num_columns = ids_BT.size(1);
    const auto last_B = torch::full({ids_BT.size(0)}, num_columns - 1, ids_BT.options());
    options.read_positions_N = flat_positions(last_B, num_columns);
    const auto hidden_BD = network_.forward_layers(network_.embed(ids_BT, offset), options);
    cache_ = std::move(extended);
    return network_.logits(hidden_BD);
  }

  const Network& network_;
  KeyValues cache_;
  std::size_t num_fed_ = 0;
};

}  // namespace

std::vector<std::vector<TokenId>> generate(const Network& network, std::span<const std::vector<TokenId>> prompts,
                                           const GenerateOptions& options, core::RandomStream& random) {
  const torch::NoGradGuard no_grad;
  std::vector<std::vector<TokenId>> rows(prompts.begin(), prompts.end());
  if (rows.empty()) return rows;
  check_not_empty(prompts);
  for (const auto& row : rows) check_positions(network, row.size());
  check_positions(network, static_cast<std::size_t>(std::max(options.max_total_tokens, 0)));

  std::vector<bool> is_open;
  for (const auto& row : rows) is_open.push_back(static_cast<std::int64_t>(row.size()) < options.max_total_tokens);
  const auto has_open = [&] { return std::find(is_open.begin(), is_open.end(), true) != is_open.end(); };
  if (!has_open()) return rows;

  GrowingRows growing(network, prompts);
  auto logits_BV = growing.feed_prompts(rows);
  while (true) {
    const TokenChooser chooser(logits_BV, options.top_k);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      if (!is_open[r] || rows[r].size() > growing.num_fed()) continue;
      const auto token = chooser.choose(static_cast<std::int64_t>(r), random);
      is_open[r] = !(options.stop_at_end_of_text && token == options.end_of_text);
      if (is_open[r]) rows[r].push_back(token);
      is_open[r] = is_open[r] && static_cast<std::int64_t>(rows[r].size()) < options.max_total_tokens;
    }
    if (!has_open()) return rows;
    logits_BV = growing.feed_next(rows);
  }
}

}  // namespace lethe::model
