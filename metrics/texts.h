#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/metric_record.h"
#include "data/edit_request.h"
#include "model/architecture.h"
#include "model/network.h"
#include "model/row_batches.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::metrics {

/// Texts that grow beside each other: whose keys and values are held at a time.
inline constexpr std::int64_t kTextRows = 32;

/// What a text is asked for with.
struct TextPrompt {
  std::int64_t edit = 0;  ///< 1-based position of its fact
  std::int64_t case_id = 0;
  std::string text;

  bool operator==(const TextPrompt&) const = default;
};

/// The distinct `generation_prompts` of each request, in order; of one without them its prompt with the subject.
std::vector<TextPrompt> text_prompts(std::span<const data::EditRequest> requests);

/// Throws `core::DataError` naming case and prompt if a request's texts of `max_total_tokens` (the prompt included)
/// could not be written by a model of this shape. A plan asks the same as a run. Returns how many of its prompts have
/// as many tokens themselves: nothing is written behind those.
std::int64_t check_texts(const data::EditRequest& request, std::int64_t max_total_tokens,
                         const model::Tokenizer& tokenizer, const model::Architecture& architecture);

/// A greedy continuation of each prompt, and one that is sampled from the 5 likeliest tokens (published: algorithms 7),
/// until prompt and text have `max_total_tokens`, past ends of text; empty where the prompt has as many itself. Draws
/// follow from `seed` and the prompts alone, so two models get the same. `nll_unedited` is left 0.
std::vector<core::WrittenTexts> write_texts(const model::Network& network, const model::Tokenizer& tokenizer,
                                            std::span<const TextPrompt> prompts, std::int64_t max_total_tokens,
                                            std::uint64_t seed, const model::BeforeBatch& before_batch = {});

/// Mean NLL per token, nats, of `texts[i].sampled` behind prompt i; NaN where it has no tokens.
std::vector<float> text_nlls(const model::Network& network, const model::Tokenizer& tokenizer,
                             std::span<const TextPrompt> prompts, std::span<const core::WrittenTexts> texts,
                             const model::BeforeBatch& before_batch = {});

}  // namespace lethe::metrics
