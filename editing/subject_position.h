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

/// Index of the subject's last token, the published way: tokens of the text before the subject (one trailing
/// space dropped) plus tokens of " " + trimmed subject, minus one; a subject that begins the text is taken as it
/// is. BPE pieces are assumed to concatenate. Throws `core::DataError` if text before the subject does not end
/// in a space, or the subject has no token.
std::int64_t subject_last_index(const model::Tokenizer& tokenizer, const PromptTemplate& prompt,
                                std::string_view subject);

/// The same for a template text with exactly one "{}".
std::int64_t subject_last_index(const model::Tokenizer& tokenizer, std::string_view prompt, std::string_view subject);

}  // namespace lethe::editing
