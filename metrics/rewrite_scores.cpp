#include "metrics/rewrite_scores.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/error.h"

// Legend: B rows, T tokens, D width, N read positions, V vocabulary.

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

/// Sums over the tokens of one (prompt, target) pair.
struct TargetScore {
  double nll_sum = 0.0;
  int num_tokens = 0;
  float margin = std::numeric_limits<float>::infinity();
  bool is_correct = true;
};

struct Prompt {
  core::PromptKind kind;
  const std::string* text;
};

std::vector<Prompt> prompts_of(const data::EditRequest& request, const std::string& edit_prompt, bool rewrite_only) {
  std::vector<Prompt> prompts{{core::PromptKind::kRewrite, &edit_prompt}};
  if (rewrite_only) return prompts;
  for (const auto& text : request.paraphrase_prompts) prompts.push_back({core::PromptKind::kParaphrase, &text});
  for (const auto& text : request.neighborhood_prompts) prompts.push_back({core::PromptKind::kNeighborhood, &text});
  return prompts;
}

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

/// Adds one batch's readings to `targets`.
void read_batch(const model::Network& network, std::span<const Row* const> batch, std::vector<TargetScore>& targets) {
  std::vector<std::vector<TokenId>> ids;
  std::vector<std::int64_t> flat_index;
  std::vector<std::int64_t> tokens;
  std::size_t longest = 0;
  for (const auto* row : batch) longest = std::max(longest, row->ids.size());
  for (std::size_t r = 0; r < batch.size(); ++r) {
    ids.push_back(batch[r]->ids);
    for (const auto& reading : batch[r]->readings) {
      flat_index.push_back(static_cast<std::int64_t>(r * longest) + reading.position);
      tokens.push_back(reading.token);
    }
  }
  const auto device = network.device();
  const auto rows_BT = model::pad_rows(ids, device);
  model::ForwardOptions options;
  options.read_positions_N = torch::tensor(flat_index, torch::kInt64).to(device);
  const auto token_N = torch::tensor(tokens, torch::kInt64).to(device);
  const auto logits_NV = network.logits(network.forward_layers(network.embed(rows_BT.ids_BT), options));

  const auto target_N = logits_NV.gather(1, token_N.unsqueeze(1)).squeeze(1);
  const auto nll_N = (logits_NV.logsumexp(1) - target_N).to(torch::kCPU, torch::kFloat64).contiguous();
  const auto [top_N2, top_index_N2] = logits_NV.topk(2, 1);
  const auto is_top_N = top_index_N2.select(1, 0).eq(token_N);
  const auto rival_N = torch::where(is_top_N, top_N2.select(1, 1), top_N2.select(1, 0));
  const auto margin_N = (target_N - rival_N).to(torch::kCPU, torch::kFloat32).contiguous();
  const auto correct_N = is_top_N.to(torch::kCPU).contiguous();

  std::size_t n = 0;
  for (const auto* row : batch) {
    for (const auto& reading : row->readings) {
      auto& target = targets[reading.target];
      target.nll_sum += nll_N.data_ptr<double>()[n];
      target.num_tokens += 1;
      target.margin = std::min(target.margin, margin_N.data_ptr<float>()[n]);
      target.is_correct = target.is_correct && correct_N.data_ptr<bool>()[n];
      ++n;
    }
  }
}

/// Rows by length, cut where the padded size would pass `batch_tokens`; depends on the rows only.
void read_rows(const model::Network& network, const std::vector<Row>& rows, std::int64_t batch_tokens,
               std::vector<TargetScore>& targets) {
  std::vector<const Row*> order;
  order.reserve(rows.size());
  for (const auto& row : rows) order.push_back(&row);
  std::stable_sort(order.begin(), order.end(),
                   [](const Row* a, const Row* b) { return a->ids.size() < b->ids.size(); });
  std::size_t begin = 0;
  while (begin < order.size()) {
    std::size_t end = begin + 1;
    while (end < order.size() &&
           static_cast<std::int64_t>((end + 1 - begin) * order[end]->ids.size()) <= batch_tokens) {
      ++end;
    }
    read_batch(network, std::span(order).subspan(begin, end - begin), targets);
    begin = end;
  }
}

core::PromptScore to_score(core::PromptKind kind, const TargetScore& on_new, const TargetScore& on_true) {
  const auto& wanted = kind == core::PromptKind::kNeighborhood ? on_true : on_new;
  return {kind, static_cast<float>(on_new.nll_sum / on_new.num_tokens),
          static_cast<float>(on_true.nll_sum / on_true.num_tokens), wanted.is_correct, wanted.margin};
}

std::vector<TokenId> checked_target(const model::Tokenizer& tokenizer, const std::string& target,
                                    const data::EditRequest& request) {
  auto ids = tokenizer.encode(" " + target);
  if (ids.empty()) {
    throw core::DataError("case " + std::to_string(request.case_id) + ": a target has no tokens");
  }
  return ids;
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
    const auto target_new = checked_target(tokenizer, request.target_new, request);
    const auto target_true = checked_target(tokenizer, request.target_true, request);
    const auto target_neighborhood = request.neighborhood_target.empty()
                                         ? target_true
                                         : checked_target(tokenizer, request.neighborhood_target, request);
    const auto edit_prompt = request.edit_prompt();
    auto& request_kinds = kinds.emplace_back();
    for (const auto& prompt : prompts_of(request, edit_prompt, options.rewrite_only)) {
      const auto ids = tokenizer.encode(*prompt.text);
      if (ids.empty()) {
        throw core::DataError("case " + std::to_string(request.case_id) + ": a prompt has no tokens");
      }
      const auto& former = prompt.kind == core::PromptKind::kNeighborhood ? target_neighborhood : target_true;
      add_rows(rows, ids, target_new, former, num_targets);
      num_targets += 2;
      request_kinds.push_back(prompt.kind);
    }
  }
  std::vector<TargetScore> targets(num_targets);
  read_rows(network, rows, options.batch_tokens, targets);

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
