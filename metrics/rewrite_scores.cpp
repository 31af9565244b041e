#include "metrics/rewrite_scores.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "metrics/request_rows.h"

// Legend: B rows, T tokens, D width, N read positions, M readings (a position may be read for several targets), V
// vocabulary.

namespace lethe::metrics {
namespace {

using model::TokenId;

/// One network row and what is read from it: token `token` is predicted at position `position`.
struct Row {
  struct Reading {
    std::int64_t position = 0;
    TokenId token = 0;
    std::size_t target = 0;  ///< index into the target list
  };
  std::vector<TokenId> ids;
  std::vector<Reading> readings;
};

/// The tokens of one (prompt, target) pair.
struct TargetScore {
  double nll_sum = 0.0;
  std::vector<core::TargetToken> tokens;
  float margin = std::numeric_limits<float>::infinity();

  [[nodiscard]] bool is_correct() const {
    return std::ranges::all_of(tokens, [](const core::TargetToken& token) { return token.argmax == token.id; });
  }
};

/// Appends the readings of `target` to `row`, whose prompt has `prompt_length` tokens.
void add_readings(Row& row, std::int64_t prompt_length, std::span<const TokenId> target, std::size_t target_index) {
  for (std::size_t j = 0; j < target.size(); ++j) {
    row.readings.push_back({prompt_length - 1 + static_cast<std::int64_t>(j), target[j], target_index});
  }
}

/// Single-token targets are both read from the prompt's own row; longer ones are fed but for their last token.
void add_rows(std::vector<Row>& rows, const std::vector<TokenId>& prompt, std::span<const TokenId> target_new,
              std::span<const TokenId> target_true, std::size_t first_target) {
  const auto length = static_cast<std::int64_t>(prompt.size());
  if (target_new.size() == 1 && target_true.size() == 1) {
    Row row{prompt, {}};
    add_readings(row, length, target_new, first_target);
    add_readings(row, length, target_true, first_target + 1);
    rows.push_back(std::move(row));
    return;
  }
  for (const auto& [target, index] : {std::pair{target_new, first_target}, std::pair{target_true, first_target + 1}}) {
    Row row{prompt, {}};
    row.ids.insert(row.ids.end(), target.begin(), target.end() - 1);
    add_readings(row, length, target, index);
    rows.push_back(std::move(row));
  }
}

/// What the rows of a batch read: each position once, however many targets are read there.
struct BatchReadings {
  std::vector<std::int64_t> positions;  ///< flat indices of the positions read, ascending [N]
  std::vector<std::int64_t> logits;     ///< which of them each reading is of [M]
  std::vector<std::int64_t> tokens;     ///< [M]
  std::vector<std::size_t> targets;     ///< [M]
};

BatchReadings readings_of(std::span<const Row* const> batch, std::size_t longest) {
  BatchReadings all;
  for (std::size_t r = 0; r < batch.size(); ++r) {
    const auto first_of_row = all.positions.size();
    for (const auto& reading : batch[r]->readings) {
      const auto flat = static_cast<std::int64_t>(r * longest) + reading.position;
      const auto row_begin = all.positions.begin() + static_cast<std::ptrdiff_t>(first_of_row);
      const auto found = std::find(row_begin, all.positions.end(), flat);
      all.logits.push_back(found - all.positions.begin());
      if (found == all.positions.end()) all.positions.push_back(flat);
      all.tokens.push_back(reading.token);
      all.targets.push_back(reading.target);
    }
  }
  return all;
}

/// Adds one batch's readings to `targets`.
void read_batch(const model::Network& network, std::span<const Row* const> batch, std::vector<TargetScore>& targets) {
  std::vector<std::vector<TokenId>> ids;
  for (const auto* row : batch) ids.push_back(row->ids);
  const auto rows_BT = model::pad_rows(ids, network.device());
  const auto readings = readings_of(batch, static_cast<std::size_t>(rows_BT.ids_BT.size(1)));
  const auto on_device = [&](const std::vector<std::int64_t>& values) {
    return torch::tensor(values, torch::kInt64).to(network.device());
  };
  model::ForwardOptions options;
  options.read_positions_N = on_device(readings.positions);
  const auto logits_NV = network.logits(network.forward_layers(network.embed(rows_BT.ids_BT), options));

  const auto logits_M = on_device(readings.logits);
  const auto token_M = on_device(readings.tokens);
  const auto target_M = logits_NV.index({logits_M, token_M});
  const auto nll_M = (logits_NV.logsumexp(1).index_select(0, logits_M) - target_M).to(torch::kCPU, torch::kFloat64);
  const auto [top_N2, top_index_N2] = logits_NV.topk(2, 1);
  const auto top_M2 = top_N2.index_select(0, logits_M);
  const auto argmax_M = top_index_N2.select(1, 0).index_select(0, logits_M);
  const auto is_top_M = argmax_M.eq(token_M);
  const auto rival_M = torch::where(is_top_M, top_M2.select(1, 1), top_M2.select(1, 0));
  const auto margin_M = (target_M - rival_M).to(torch::kCPU, torch::kFloat32);
  const auto first_choice_M = argmax_M.to(torch::kCPU);

  for (std::size_t m = 0; m < readings.targets.size(); ++m) {
    auto& target = targets[readings.targets[m]];
    const double nll = nll_M.data_ptr<double>()[m];
    target.nll_sum += nll;
    target.tokens.push_back({static_cast<std::int32_t>(readings.tokens[m]), static_cast<float>(nll),
                             static_cast<std::int32_t>(first_choice_M.data_ptr<std::int64_t>()[m])});
    target.margin = std::min(target.margin, margin_M.data_ptr<float>()[m]);
  }
}

/// Rows from the longest on, in batches that depend on the rows only.
void read_rows(const model::Network& network, const std::vector<Row>& rows, const ScoreOptions& options,
               std::vector<TargetScore>& targets) {
  std::vector<const Row*> order;
  order.reserve(rows.size());
  for (const auto& row : rows) order.push_back(&row);
  std::stable_sort(order.begin(), order.end(),
                   [](const Row* a, const Row* b) { return a->ids.size() > b->ids.size(); });
  std::vector<std::int64_t> lengths;
  for (const auto* row : order) lengths.push_back(std::ssize(row->ids));
  const model::BatchLimits limits{.positions = options.batch_tokens, .padding = options.padding_tokens};
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    if (options.before_batch) options.before_batch();
    end = begin + model::first_batch_size(std::span(lengths).subspan(begin), limits);
    read_batch(network, std::span(order).subspan(begin, end - begin), targets);
  }
}

core::PromptScore to_score(core::PromptKind kind, const TargetScore& on_new, const TargetScore& on_true) {
  const auto& wanted = kind == core::PromptKind::kNeighborhood ? on_true : on_new;
  const auto mean_nll = [](const TargetScore& target) {
    return static_cast<float>(target.nll_sum / static_cast<double>(target.tokens.size()));
  };
  return {kind, mean_nll(on_new), mean_nll(on_true), wanted.is_correct(), wanted.margin, on_new.tokens, on_true.tokens};
}

}  // namespace

std::vector<std::vector<core::PromptScore>> score_requests(const model::Network& network,
                                                           const model::Tokenizer& tokenizer,
                                                           std::span<const data::EditRequest> requests,
                                                           const ScoreOptions& options) {
  const torch::NoGradGuard no_grad;
  std::vector<Row> rows;
  std::vector<std::vector<core::PromptKind>> kinds;
  std::size_t num_targets = 0;
  for (const auto& request : requests) {
    const auto tokens = tokenize_request(request, tokenizer, network.architecture(), options.rewrite_only);
    auto& request_kinds = kinds.emplace_back();
    for (const auto& prompt : tokens.prompts) {
      add_rows(rows, prompt.ids, tokens.target_new, tokens.former_of(prompt), num_targets);
      num_targets += 2;
      request_kinds.push_back(prompt.kind);
    }
  }
  std::vector<TargetScore> targets(num_targets);
  read_rows(network, rows, options, targets);

  std::vector<std::vector<core::PromptScore>> scores;
  std::size_t next = 0;
  for (const auto& request_kinds : kinds) {
    auto& request_scores = scores.emplace_back();
    for (const auto kind : request_kinds) {
      request_scores.push_back(to_score(kind, targets[next], targets[next + 1]));
      next += 2;
    }
  }
  return scores;
}

}  // namespace lethe::metrics
