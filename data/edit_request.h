#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lethe::data {

/// One record of CounterFact's schema: what to edit and what to ask afterwards.
struct EditRequest {
  std::int64_t case_id = 0;
  std::string relation_id;
  std::string prompt;  ///< template with exactly one "{}"
  std::string subject;
  std::string target_new;   ///< without leading space
  std::string target_true;  ///< without leading space
  std::vector<std::string> paraphrase_prompts;
  std::vector<std::string> neighborhood_prompts;
  std::vector<std::string> generation_prompts;
  std::string neighborhood_target;  ///< what neighbourhood prompts are asked for; empty: `target_true`
  std::string question_prompt;      ///< question form with "{}"; empty if the file has none
  std::string completion_prompt;    ///< completion form with "{}"; empty if the file has none
  std::string target_new_id;        ///< Wikidata's, "Q183"; empty if the file has none. Reference texts are found by it

  /// `prompt` with the subject filled in.
  [[nodiscard]] std::string edit_prompt() const;
  /// What texts about the fact are written behind: its generation prompts, each once; its edit's prompt if it has none.
  [[nodiscard]] std::vector<std::string> text_prompts() const;
};

/// `pattern` with its one "{}" replaced by `subject`; braces elsewhere, and in the subject, are plain text.
std::string fill_subject(const std::string& pattern, const std::string& subject);

/// Number of "{}" in a text.
std::size_t count_subject_slots(const std::string& text);

/// Whether the published rule finds the subject's last token (algorithms.md 0.1): what stands before "{}" is
/// empty or ends in a space, so that it and " " + subject are tokenized apart. Templates such as "\"{}" or
/// "({}" fail; methods that need the subject's position refuse such a record.
bool can_locate_subject(const EditRequest& request);

}  // namespace lethe::data
