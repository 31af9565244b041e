#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/edit_request.h"
#include "model/network.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::worker::inline commands {

/// One fact to edit into a model, as a person states it on a command line.
struct Fact {
  std::string prompt;  ///< with one "{}" for the subject
  std::string subject;
  std::string target;                    ///< what the prompt is to be continued with
  std::string old_target;                ///< what it was; empty: the model's own answer
  std::vector<std::string> paraphrases;  ///< other prompts for the same; "{}" in them is the subject
  std::vector<std::string> neighbors;    ///< prompts about other subjects whose answer is the old target
};

/// The record of a fact. Throws `core::ConfigError` with all that is wrong with its texts, each by the option that gave
/// it. Without an old target the new one stands in its place, until the model has been asked.
data::EditRequest request_of(const Fact& fact);

/// What the model itself continues a prompt with, greedily: as many words as `like` has, without the punctuation around
/// them, of the first sentence out of at most 10 tokens more than `like` has. Empty where these hold no word.
std::string own_answer(const model::Network& network, const model::Tokenizer& tokenizer, const std::string& prompt,
                       const std::string& like);

/// The words of a text up to the end of its first sentence, or of the line, without the ASCII punctuation around each.
/// A full stop behind one or two letters with a capital ("St."), or behind another stop ("U.S."), ends none.
std::vector<std::string> words_of_first_sentence(const std::string& text);

/// The greedy continuation of a prompt, at most `num_tokens` long and as many as the model's positions hold.
std::string greedy_continuation(const model::Network& network, const model::Tokenizer& tokenizer,
                                const std::string& prompt, std::int64_t num_tokens);

/// A data set of the one request: `records.json` in CounterFact's schema and `samples.json` with the order "0".
void write_dataset(const std::filesystem::path& folder, const data::EditRequest& request);

}  // namespace lethe::worker::inline commands
