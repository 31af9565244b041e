#include "worker/text_evaluation.h"

#include <algorithm>

namespace lethe::worker {
namespace {

/// Texts of `network`, and what it makes of the unedited model's, which are its own where there are none.
std::vector<core::WrittenTexts> texts_of(const model::Network& network, const model::Tokenizer& tokenizer,
                                         std::span<const metrics::TextPrompt> prompts,
                                         const core::ExperimentConfig& config,
                                         std::span<const core::WrittenTexts> unedited,
                                         const model::BeforeBatch& before_batch) {
  auto texts = metrics::write_texts(network, tokenizer, prompts, config.texts_tokens, config.seed, before_batch);
  const auto nlls = metrics::text_nlls(network, tokenizer, prompts, unedited.empty() ? texts : unedited, before_batch);
  for (std::size_t i = 0; i < texts.size(); ++i) texts[i].nll_unedited = nlls[i];
  return texts;
}

}  // namespace

std::vector<core::TextsRecord> TextEvaluation::of(const model::Network& edited, const model::Network& unedited,
                                                  const model::Tokenizer& tokenizer,
                                                  std::span<const data::EditRequest> requests,
                                                  const core::ExperimentConfig& config,
                                                  const model::BeforeBatch& before_batch) {
  const auto num_facts = std::min(requests.size(), static_cast<std::size_t>(config.texts_facts));
  auto prompts = metrics::text_prompts(requests.first(num_facts));
  if (asked_.lock() != unedited.base() || prompts != prompts_) {
    unedited_ = texts_of(unedited, tokenizer, prompts, config, {}, before_batch);
    asked_ = unedited.base();
    prompts_ = std::move(prompts);
  }
  auto texts = texts_of(edited, tokenizer, prompts_, config, unedited_, before_batch);
  std::vector<core::TextsRecord> records;
  for (std::size_t i = 0; i < prompts_.size(); ++i) {
    const auto& prompt = prompts_[i];
    records.push_back({prompt.edit, prompt.case_id, prompt.text, std::move(texts[i]), unedited_[i]});
  }
  return records;
}

}  // namespace lethe::worker
