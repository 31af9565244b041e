#include "metrics/request_rows.h"

#include <algorithm>
#include <string>

#include "core/error.h"
#include "model/row_checks.h"

namespace lethe::metrics {
namespace {

using model::TokenId;

class RequestTokenizer {
 public:
  RequestTokenizer(const data::EditRequest& request, const model::Tokenizer& tokenizer,
                   const model::Architecture& architecture)
      : request_(request), tokenizer_(tokenizer), architecture_(architecture) {}

  /// `ids` of `field`, checked. `num_more`: tokens that the network is given behind them.
  std::vector<TokenId> checked(std::vector<TokenId> ids, const std::string& field, std::size_t num_more = 0) const {
    const auto problem = ids.empty() ? std::string("has no tokens; correct the record")
                                     : model::row_problem(ids, num_more, architecture_, tokenizer_);
    if (problem.empty()) return ids;
    throw core::DataError("case " + std::to_string(request_.case_id) + ": " + field + " " + problem);
  }

  std::vector<TokenId> target(const std::string& text, const std::string& field) const {
    return checked(tokenizer_.encode_continuation(" " + text), field);
  }

  void add_list(RequestTokens& tokens, core::PromptKind kind, const std::vector<std::string>& texts,
                const std::string& field) const {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      add(tokens, kind, texts[i], field + "[" + std::to_string(i) + "]");
    }
  }

  void add(RequestTokens& tokens, core::PromptKind kind, const std::string& text, const std::string& field) const {
    RequestTokens::Prompt prompt{kind, {}};
    // A target is fed but for its last token.
    const auto longest = std::max(tokens.target_new.size(), tokens.former_of(prompt).size());
    prompt.ids = checked(tokenizer_.encode_prompt(text), field, longest - 1);
    tokens.prompts.push_back(std::move(prompt));
  }

 private:
  const data::EditRequest& request_;
  const model::Tokenizer& tokenizer_;
  const model::Architecture& architecture_;
};

}  // namespace

RequestTokens tokenize_request(const data::EditRequest& request, const model::Tokenizer& tokenizer,
                               const model::Architecture& architecture, bool rewrite_only) {
  const RequestTokenizer reader(request, tokenizer, architecture);
  RequestTokens tokens;
  tokens.target_new = reader.target(request.target_new, "target_new");
  tokens.target_true = reader.target(request.target_true, "target_true");
  tokens.target_neighborhood = request.neighborhood_target.empty()
                                   ? tokens.target_true
                                   : reader.target(request.neighborhood_target, "the neighbours' target");
  reader.add(tokens, core::PromptKind::kRewrite, request.edit_prompt(), "prompt");
  if (rewrite_only) return tokens;
  reader.add_list(tokens, core::PromptKind::kParaphrase, request.paraphrase_prompts, "paraphrase_prompts");
  reader.add_list(tokens, core::PromptKind::kNeighborhood, request.neighborhood_prompts, "neighborhood_prompts");
  return tokens;
}

}  // namespace lethe::metrics
