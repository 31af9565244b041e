#include "editing/subject_position.h"

#include "core/error.h"

namespace lethe::editing {
namespace {

constexpr std::string_view kHole = "{}";
constexpr std::string_view kSpaces = " \t\n\r\f\v";

/// Where a subject stands in a text in which it begins at `start`, blanks at its ends aside.
model::Span span_of(std::string_view subject, std::size_t start) {
  const std::size_t first = subject.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {start, start};
  return {start + first, start + subject.find_last_not_of(kSpaces) + 1};
}

}  // namespace

std::string PromptTemplate::fill(std::string_view subject) const { return before + std::string(subject) + after; }

PromptTemplate parse_prompt(std::string_view prompt) {
  const std::size_t hole = prompt.find(kHole);
  if (hole == std::string_view::npos || prompt.find(kHole, hole + kHole.size()) != std::string_view::npos) {
    throw core::DataError("prompt '" + std::string(prompt) +
                          "': expected exactly one \"{}\" where the subject goes; correct the record");
  }
  return {std::string(prompt.substr(0, hole)), std::string(prompt.substr(hole + kHole.size()))};
}

PromptTemplate in_context(std::string_view context, const PromptTemplate& prompt) {
  const std::size_t hole = context.rfind(kHole);
  if (hole == std::string_view::npos) {
    throw core::DataError("context template '" + std::string(context) +
                          "': expected \"{}\" where the prompt goes; correct the contexts");
  }
  return {std::string(context.substr(0, hole)) + prompt.before,
          prompt.after + std::string(context.substr(hole + kHole.size()))};
}

std::int64_t subject_last_index(const model::Tokenizer& tokenizer, const PromptTemplate& prompt,
                                std::string_view subject, std::string_view ending) {
  const model::Span stretch = span_of(subject, prompt.before.size());
  const auto last = tokenizer.last_token_of(prompt.fill(subject).append(ending), stretch);
  if (stretch.begin == stretch.end || !last) {
    throw core::DataError("prompt '" + prompt.fill(kHole) + "': its subject has no token; correct the record");
  }
  return static_cast<std::int64_t>(*last);
}

}  // namespace lethe::editing
