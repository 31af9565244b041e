#include "editing/subject_position.h"

#include "core/error.h"

namespace lethe::editing {
namespace {

constexpr std::string_view kHole = "{}";
constexpr std::string_view kSpaces = " \t\n\r\f\v";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
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
                                std::string_view subject) {
  std::string word(subject);
  std::size_t num_before = 0;
  if (!prompt.before.empty()) {
    if (prompt.before.back() != ' ') {
      throw core::DataError("prompt '" + prompt.fill(kHole) + "': the text before the subject '" + word +
                            "' must end in a space, or its last token cannot be located; correct the prompt");
    }
    num_before = tokenizer.encode(std::string_view(prompt.before).substr(0, prompt.before.size() - 1)).size();
    word.assign(1, ' ').append(trimmed(subject));
  }
  const std::size_t num_word = tokenizer.encode(word).size();
  if (num_word == 0) {
    throw core::DataError("prompt '" + prompt.fill(kHole) + "': its subject has no token; correct the record");
  }
  return static_cast<std::int64_t>(num_before + num_word) - 1;
}

std::int64_t subject_last_index(const model::Tokenizer& tokenizer, std::string_view prompt, std::string_view subject) {
  return subject_last_index(tokenizer, parse_prompt(prompt), subject);
}

}  // namespace lethe::editing
