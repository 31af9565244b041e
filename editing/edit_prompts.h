#pragma once

#include <cstdint>
#include <vector>

#include "data/edit_request.h"
#include "editing/edit_method.h"
#include "editing/value_config.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::editing {

/// The rows ROME and MEMIT run for one request: one per context template, then the KL row "{subject} is a".
struct EditPrompts {
  std::vector<model::TokenId> target_ids;  ///< of " " + target, never empty
  /// Per row: prompt in context, then the target's text without its last token (published: decoded and appended
  /// as text). Row 0 is the bare prompt.
  std::vector<std::vector<model::TokenId>> rows;
  std::vector<std::int64_t> subject_last;  ///< per row
  std::int64_t kl_position = 0;            ///< where the KL row is read
  /// The context rows without the target's text: what keys are read from, at the same positions.
  std::vector<std::vector<model::TokenId>> key_rows;

  [[nodiscard]] std::size_t num_contexts() const { return key_rows.size(); }
  /// Position in context row `row` that predicts target token `index`.
  [[nodiscard]] std::int64_t target_position(std::size_t row, std::size_t index) const {
    return static_cast<std::int64_t>(rows[row].size() - target_ids.size() + index);
  }
};

/// " X" for a target that does not begin with a space, as all editing methods tokenise it.
std::string spaced_target(const std::string& target);

/// Tokens of a request's spaced target; throws `core::DataError` naming the case if there are none.
std::vector<model::TokenId> target_tokens(const model::Tokenizer& tokenizer, const data::EditRequest& request);

/// Throws `core::DataError` if a prompt has no single "{}", a subject cannot be located, a row is shorter than
/// its target, or a row exceeds `max_positions`.
EditPrompts make_edit_prompts(const ValueOptimizationConfig& config, const EditContexts& contexts,
                              const data::EditRequest& request, const model::Tokenizer& tokenizer,
                              std::int64_t max_positions);

}  // namespace lethe::editing
