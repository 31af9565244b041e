#include "metrics/texts.h"

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "model/generate.h"
#include "model/row_checks.h"

// Legend: T tokens, V vocabulary.

namespace lethe::metrics {
namespace {

using model::TokenId;
using Rows = std::vector<std::vector<TokenId>>;

constexpr int kLikeliest = 5;

Rows encoded(const model::Tokenizer& tokenizer, std::span<const TextPrompt> prompts) {
  Rows rows;
  for (const auto& prompt : prompts) rows.push_back(tokenizer.encode_prompt(prompt.text));
  return rows;
}

/// Continuations of `prompts`, decoded.
std::vector<core::GeneratedText> continued(const model::Network& network, const model::Tokenizer& tokenizer,
                                           std::span<const std::vector<TokenId>> prompts,
                                           const model::GenerateOptions& options, core::RandomStream& random) {
  std::vector<core::GeneratedText> texts;
  const auto whole = model::generate(network, prompts, options, random);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    core::GeneratedText text;
    text.ids.assign(whole[i].begin() + static_cast<std::ptrdiff_t>(prompts[i].size()), whole[i].end());
    text.text = tokenizer.decode_continuation(text.ids);
    texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace

std::vector<TextPrompt> text_prompts(std::span<const data::EditRequest> requests) {
  std::vector<TextPrompt> prompts;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    for (auto& text : requests[i].text_prompts()) {
      prompts.push_back({static_cast<std::int64_t>(i) + 1, requests[i].case_id, std::move(text)});
    }
  }
  return prompts;
}

std::int64_t check_texts(const data::EditRequest& request, std::int64_t max_total_tokens,
                         const model::Tokenizer& tokenizer, const model::Architecture& architecture) {
  const auto refuse = [&](const std::string& prompt, const std::string& problem) {
    throw core::DataError("case " + std::to_string(request.case_id) + ": generation prompt \"" + prompt + "\" " +
                          problem);
  };
  std::int64_t num_without_text = 0;
  for (const auto& prompt : request.text_prompts()) {
    const auto ids = tokenizer.encode_prompt(prompt);
    if (ids.empty()) refuse(prompt, "has no tokens; correct the record");
    const auto num_more = std::max<std::int64_t>(0, max_total_tokens - static_cast<std::int64_t>(ids.size()));
    const auto problem = model::row_problem(ids, static_cast<std::size_t>(num_more), architecture, tokenizer);
    if (!problem.empty()) refuse(prompt, problem + " (texts_tokens: " + std::to_string(max_total_tokens) + ")");
    num_without_text += num_more == 0 ? 1 : 0;
  }
  return num_without_text;
}

std::vector<core::WrittenTexts> write_texts(const model::Network& network, const model::Tokenizer& tokenizer,
                                            std::span<const TextPrompt> prompts, std::int64_t max_total_tokens,
                                            std::uint64_t seed, const model::BeforeBatch& before_batch) {
  const auto rows = encoded(tokenizer, prompts);
  model::GenerateOptions greedy;
  greedy.max_total_tokens = static_cast<int>(max_total_tokens);
  auto sampled = greedy;
  sampled.top_k = kLikeliest;
  std::vector<core::WrittenTexts> texts;
  for (std::size_t first = 0; first < rows.size(); first += kTextRows) {
    if (before_batch) before_batch();
    const auto batch = std::span(rows).subspan(first, std::min<std::size_t>(kTextRows, rows.size() - first));
    core::RandomStream random(seed, "texts", first / kTextRows);
    auto greedy_texts = continued(network, tokenizer, batch, greedy, random);
    auto sampled_texts = continued(network, tokenizer, batch, sampled, random);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      texts.push_back({std::move(greedy_texts[i]), std::move(sampled_texts[i]), 0.0F});
    }
  }
  return texts;
}

std::vector<float> text_nlls(const model::Network& network, const model::Tokenizer& tokenizer,
                             std::span<const TextPrompt> prompts, std::span<const core::WrittenTexts> texts,
                             const model::BeforeBatch& before_batch) {
  const torch::NoGradGuard no_grad;
  std::vector<float> nlls;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    if (before_batch) before_batch();
    const auto& text = texts[i].sampled.ids;
    if (text.empty()) {
      nlls.push_back(std::numeric_limits<float>::quiet_NaN());
      continue;
    }
    auto row = tokenizer.encode_prompt(prompts[i].text);
    const auto first_predicted = static_cast<std::int64_t>(row.size()) - 1;
    row.insert(row.end(), text.begin(), text.end());
    const auto wanted_T = torch::tensor(std::vector<std::int64_t>(text.begin(), text.end()), torch::kInt64);
    const Rows one{std::move(row)};
    const auto logits_TV = network.forward(model::pad_rows(one, network.device()))
                               .select(0, 0)
                               .narrow(0, first_predicted, static_cast<std::int64_t>(text.size()));
    const auto log_probs_T1 = at::log_softmax(logits_TV, 1).gather(1, wanted_T.to(network.device()).unsqueeze(1));
    nlls.push_back(-log_probs_T1.mean().item<float>());
  }
  return nlls;
}

}  // namespace lethe::metrics
