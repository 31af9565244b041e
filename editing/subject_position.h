#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/tokenizer/tokenizer.h"

namespace lethe::editing {

/// A text with one hole: `before` + subject + `after`.
struct PromptTemplate {
  std::string before;
  std::string after;

  [[nodiscard]] std::string fill(std::string_view subject) const;
};

/// Splits a request's prompt at its only "{}"; throws `core::DataError` for none or several.
PromptTemplate parse_prompt(std::string_view prompt);

/// Puts a prompt into a context template. The hole of a context is its *last* "{}": what precedes it is sampled
/// text, in which braces are text. (The published ROME formats the whole string, so that a sampled brace breaks
/// it.) Throws `core::DataError` if the context has no "{}".
PromptTemplate in_context(std::string_view context, const PromptTemplate& prompt);

/// Index, among the tokens of the prompt filled with `subject` and followed by `ending`, of the last one that holds a
/// part of the subject, blanks at its ends aside: located by where tokens came from, whatever the tokenizer. On
/// CounterFact it is the place that the published programs count out with GPT-2's. Throws `core::DataError` if the
/// subject has no token.
std::int64_t subject_last_index(const model::Tokenizer& tokenizer, const PromptTemplate& prompt,
                                std::string_view subject, std::string_view ending = "");

}  // namespace lethe::editing
