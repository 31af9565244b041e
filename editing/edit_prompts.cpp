#include "editing/edit_prompts.h"

#include "core/error.h"
#include "editing/subject_position.h"

namespace lethe::editing {
namespace {

constexpr const char* kNotLocated = "its subject's last token cannot be located; leave the record out";

[[noreturn]] void fail(const data::EditRequest& request, const std::string& text, const std::string& problem) {
  throw core::DataError("case " + std::to_string(request.case_id) + ": text '" + text + "': " + problem);
}

/// Adds the row of a filled prompt and its ending, which must hold at least `min_size` tokens.
struct RowBuilder {
  const data::EditRequest& request;
  const model::Tokenizer& tokenizer;
  std::int64_t max_positions;
  EditPrompts& prompts;

  void add(const PromptTemplate& prompt, const std::string& ending, std::size_t min_size) const;
};

void RowBuilder::add(const PromptTemplate& prompt, const std::string& ending, std::size_t min_size) const {
  const std::string text = prompt.fill(request.subject) + ending;
  const std::int64_t subject_last = subject_last_index(tokenizer, prompt, request.subject, ending);
  std::vector<model::TokenId> ids = tokenizer.encode_prompt(text);
  const std::size_t size = ids.size();
  if (static_cast<std::int64_t>(size) > max_positions) {
    fail(request, text,
         std::to_string(size) + " tokens exceed the model's " + std::to_string(max_positions) +
             " positions; leave the record out or use shorter contexts");
  }
  if (size < min_size) fail(request, text, kNotLocated);
  prompts.rows.push_back(std::move(ids));
  prompts.subject_last.push_back(subject_last);
}

}  // namespace

std::string spaced_target(const std::string& target) {
  std::string spaced = target.empty() || target.front() != ' ' ? " " : "";
  return spaced.append(target);
}

std::vector<model::TokenId> target_tokens(const model::Tokenizer& tokenizer, const data::EditRequest& request) {
  const std::string& target = request.target_new;
  if (target.empty()) {
    throw core::DataError("case " + std::to_string(request.case_id) + ": target_new is empty; correct the record");
  }
  return tokenizer.encode_continuation(spaced_target(target));
}

EditPrompts make_edit_prompts(const ValueOptimizationConfig& config, const EditContexts& contexts,
                              const data::EditRequest& request, const model::Tokenizer& tokenizer,
                              std::int64_t max_positions) {
  EditPrompts prompts;
  prompts.target_ids = target_tokens(tokenizer, request);
  const std::vector<model::TokenId> shown(prompts.target_ids.begin(), prompts.target_ids.end() - 1);
  const std::string shown_target = tokenizer.decode_continuation(shown);
  const PromptTemplate prompt = parse_prompt(request.prompt);

  const RowBuilder builder{request, tokenizer, max_positions, prompts};
  for (const std::string& context : contexts.templates) {
    const PromptTemplate row_prompt = in_context(context, prompt);
    builder.add(row_prompt, shown_target, prompts.target_ids.size());
    prompts.key_rows.push_back(tokenizer.encode_prompt(row_prompt.fill(request.subject)));
    if (prompts.subject_last.back() != subject_last_index(tokenizer, row_prompt, request.subject)) {
      fail(request, row_prompt.fill(request.subject), kNotLocated);
    }
  }
  builder.add({"", " is a"}, "", 1);
  prompts.kl_position = config.kl_position == KlPosition::kSubjectLast
                            ? prompts.subject_last.back()
                            : static_cast<std::int64_t>(prompts.rows.back().size()) - 1;
  return prompts;
}

}  // namespace lethe::editing
