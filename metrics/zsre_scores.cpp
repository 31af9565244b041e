#include "metrics/zsre_scores.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>

#include "core/error.h"

// Legend: B rows, T tokens, D width, V vocabulary.

namespace lethe::metrics {
namespace {

using model::TokenId;

/// A teacher-forced prompt and the token it should be continued with.
struct Question {
  std::vector<TokenId> ids;
  TokenId answer = 0;
};

class QuestionList {
 public:
  explicit QuestionList(const model::Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  /// Adds one question per token of " " + target; returns how many.
  std::size_t add(const data::EditRequest& record, const std::string& prompt, const std::string& target) {
    const auto answer = tokenizer_.encode_continuation(" " + target);
    const std::span<const TokenId> tokens(answer);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const auto piece = tokenizer_.encode_continuation(tokenizer_.decode_continuation(tokens.subspan(i, 1)));
      const auto text = i == 0 ? prompt : prompt + tokenizer_.decode_continuation(tokens.first(i));
      questions_.push_back({tokenizer_.encode_prompt(text), piece.empty() ? TokenId{-1} : piece.front()});
      if (questions_.back().ids.empty()) {
        throw core::DataError("case " + std::to_string(record.case_id) + ": a prompt has no tokens");
      }
    }
    return tokens.size();
  }

  [[nodiscard]] const std::vector<Question>& questions() const { return questions_; }

 private:
  const model::Tokenizer& tokenizer_;
  std::vector<Question> questions_;
};

void answer_batch(const model::Network& network, const std::vector<Question>& questions,
                  std::span<const std::size_t> batch, std::vector<bool>& is_correct) {
  std::vector<std::vector<TokenId>> ids;
  ids.reserve(batch.size());
  for (const auto index : batch) ids.push_back(questions[index].ids);
  const auto rows_BT = model::pad_rows(ids, network.device());
  const auto hidden_BTD = network.forward_layers(network.embed(rows_BT.ids_BT));
  const auto logits_BV = network.logits(model::at_positions(hidden_BTD, rows_BT.lengths_B - 1));
  const auto first_choice_B = logits_BV.argmax(1).to(torch::kCPU).contiguous();
  for (std::size_t row = 0; row < batch.size(); ++row) {
    is_correct[batch[row]] = first_choice_B.data_ptr<std::int64_t>()[row] == questions[batch[row]].answer;
  }
}

/// Questions by length, cut where the padded size would pass `batch_tokens`.
std::vector<bool> answer_all(const model::Network& network, const std::vector<Question>& questions,
                             std::int64_t batch_tokens) {
  std::vector<std::size_t> order(questions.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto length = [&](std::size_t index) { return questions[index].ids.size(); };
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return length(a) < length(b); });
  std::vector<bool> is_correct(questions.size());
  for (std::size_t begin = 0; begin < order.size();) {
    auto end = begin + 1;
    while (end < order.size() && static_cast<std::int64_t>((end + 1 - begin) * length(order[end])) <= batch_tokens)
      ++end;
    answer_batch(network, questions, std::span(order).subspan(begin, end - begin), is_correct);
    begin = end;
  }
  return is_correct;
}

}  // namespace

std::vector<ZsreScores> score_zsre(const model::Network& network, const model::Tokenizer& tokenizer,
                                   std::span<const data::EditRequest> records, std::int64_t batch_tokens) {
  const torch::NoGradGuard no_grad;
  struct Counts {
    std::size_t rewrite = 0, paraphrase = 0, neighborhood = 0;
  };
  QuestionList list(tokenizer);
  std::vector<Counts> counts;
  for (const auto& record : records) {
    auto& count = counts.emplace_back();
    const auto& neighbor = record.neighborhood_target.empty() ? record.target_true : record.neighborhood_target;
    count.rewrite = list.add(record, record.edit_prompt(), record.target_new);
    for (const auto& text : record.paraphrase_prompts) count.paraphrase += list.add(record, text, record.target_new);
    for (const auto& text : record.neighborhood_prompts) count.neighborhood += list.add(record, text, neighbor);
  }
  const auto answers = answer_all(network, list.questions(), batch_tokens);
  std::vector<ZsreScores> scores;
  auto next = answers.begin();
  const auto take = [&](std::size_t count) {
    const auto begin = next;
    next += static_cast<std::ptrdiff_t>(count);
    return std::vector<bool>(begin, next);
  };
  for (const auto& count : counts) {
    auto& one = scores.emplace_back();
    one.rewrite = take(count.rewrite);
    one.paraphrase = take(count.paraphrase);
    one.neighborhood = take(count.neighborhood);
  }
  return scores;
}

}  // namespace lethe::metrics
