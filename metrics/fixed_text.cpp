#include "metrics/fixed_text.h"

#include <algorithm>
#include <span>

#include "core/error.h"
#include "model/row_checks.h"

// Legend: B rows, T tokens, N predicted tokens, C of them at a time, V vocabulary.

namespace lethe::metrics {
namespace {

using model::TokenId;

constexpr std::int64_t kLogitRows = 512;

void add_windows(FixedText& text, const std::vector<TokenId>& ids, std::int64_t window_tokens) {
  const auto end = std::ssize(ids);
  for (std::int64_t first = 0; first + 1 < end; first += window_tokens - 1) {
    const auto begin = ids.begin() + first;
    text.windows.push_back({text.num_tokens.size(), {begin, begin + std::min(window_tokens, end - first)}});
  }
  text.num_tokens.push_back(end - 1);
}

void check_windows(std::span<const TextWindow> windows, const model::Architecture& architecture,
                   const model::Tokenizer& tokenizer, const std::string& place) {
  for (const auto& window : windows) {
    const auto problem = model::row_problem(window.ids, 0, architecture, tokenizer);
    if (!problem.empty()) throw core::DataError(place + " " + problem);
  }
}

/// Where each token of a batch is predicted, and which it is.
struct Predictions {
  std::vector<std::vector<TokenId>> rows;  ///< without their last tokens
  std::vector<std::int64_t> positions;     ///< flat, [N]
  std::vector<std::int64_t> tokens;        ///< [N]
};

Predictions predictions_of(std::span<const TextWindow* const> batch) {
  const auto longest = std::ssize(batch.front()->ids) - 1;
  Predictions all;
  for (std::size_t row = 0; row < batch.size(); ++row) {
    const auto& ids = batch[row]->ids;
    all.rows.emplace_back(ids.begin(), ids.end() - 1);
    for (std::int64_t t = 0; t + 1 < std::ssize(ids); ++t) {
      all.positions.push_back(static_cast<std::int64_t>(row) * longest + t);
      all.tokens.push_back(ids[static_cast<std::size_t>(t) + 1]);
    }
  }
  return all;
}

/// NLLs of a batch's predicted tokens, row by row, fp64 on the host [N].
torch::Tensor token_nlls(const model::Network& network, const Predictions& predictions) {
  const auto on_device = [&](const std::vector<std::int64_t>& values) {
    return torch::tensor(values, torch::kInt64).to(network.device());
  };
  const auto token_N = on_device(predictions.tokens);
  model::ForwardOptions options;
  options.read_positions_N = on_device(predictions.positions);
  const auto rows_BT = model::pad_rows(predictions.rows, network.device());
  const auto hidden_ND = network.forward_layers(network.embed(rows_BT.ids_BT), options);
  std::vector<torch::Tensor> nlls;
  for (std::int64_t first = 0; first < token_N.size(0); first += kLogitRows) {
    const auto count = std::min(kLogitRows, token_N.size(0) - first);
    const auto logits_CV = network.logits(hidden_ND.narrow(0, first, count));
    const auto token_C1 = token_N.narrow(0, first, count).unsqueeze(1);
    nlls.push_back(
        (logits_CV.logsumexp(1) - logits_CV.gather(1, token_C1).squeeze(1)).to(torch::kCPU, torch::kFloat64));
  }
  return torch::cat(nlls);
}

/// From the longest on, so that batches depend on the text alone and hold little padding.
std::vector<const TextWindow*> by_length(const FixedText& text) {
  std::vector<const TextWindow*> order;
  for (const auto& window : text.windows) order.push_back(&window);
  std::ranges::stable_sort(order, std::ranges::greater{}, [](const TextWindow* window) { return window->ids.size(); });
  return order;
}

}  // namespace

FixedText cut_text(const std::function<std::optional<std::string>()>& next_document, std::int64_t max_tokens,
                   const model::Tokenizer& tokenizer, const model::Architecture& architecture,
                   const std::string& place) {
  constexpr std::int64_t kShortest = 2;  // a token, and one that is predicted from it
  const auto window_tokens = std::clamp<std::int64_t>(architecture.max_positions, kShortest, kWindowTokens);
  FixedText text;
  std::int64_t number = 0;
  for (std::int64_t left = max_tokens; left > 0;) {
    const auto document = next_document();
    if (!document) break;
    ++number;
    auto ids = tokenizer.encode_prompt(*document);
    if (std::ssize(ids) < kShortest) continue;
    ids.resize(static_cast<std::size_t>(std::min(left + 1, std::ssize(ids))));
    left -= std::ssize(ids) - 1;
    const auto num_windows = text.windows.size();
    add_windows(text, ids, window_tokens);
    check_windows(std::span(text.windows).subspan(num_windows), architecture, tokenizer,
                  place + ": document " + std::to_string(number));
  }
  if (text.windows.empty()) {
    throw core::DataError(place + ": has no document of two tokens, of which one could be predicted; name a text");
  }
  return text;
}

std::vector<double> document_nlls(const model::Network& network, const FixedText& text,
                                  const model::BeforeBatch& before_batch) {
  const torch::NoGradGuard no_grad;
  const auto order = by_length(text);
  std::vector<std::int64_t> lengths;
  for (const auto* window : order) lengths.push_back(std::ssize(window->ids) - 1);
  std::vector<double> sums(text.num_tokens.size(), 0.0);
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    if (before_batch) before_batch();
    end = begin + model::first_batch_size(std::span(lengths).subspan(begin), {.positions = kTextBatchPositions});
    const auto batch = std::span(order).subspan(begin, end - begin);
    const auto nlls_N = token_nlls(network, predictions_of(batch));
    const auto* nll = nlls_N.data_ptr<double>();
    for (const auto* window : batch) {
      for (std::size_t t = 1; t < window->ids.size(); ++t) sums[window->document] += *nll++;
    }
  }
  return sums;
}

}  // namespace lethe::metrics
