#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lethe::data {

/// One record of CounterFact's schema: what to edit and what to ask afterwards.
struct EditRequest {
  std::int64_t case_id = 0;
  std::string relation_id;
  std::string prompt;   ///< template with exactly one "{}"
  std::string subject;
  std::string target_new;   ///< without leading space
  std::string target_true;  ///< without leading space
  std::vector<std::string> paraphrase_prompts;
  std::vector<std::string> neighborhood_prompts;
  std::vector<std::string> generation_prompts;
  std::string question_prompt;  ///< question form with "{}"; empty if the file has none

  /// `prompt` with the subject filled in.
  [[nodiscard]] std::string edit_prompt() const;
};

}  // namespace lethe::data
