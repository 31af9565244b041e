#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/random_stream.h"
#include "data/edit_request.h"
#include "editing/mend/mend_config.h"
#include "editing/mend/mend_gradients.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::editing {

/// One iteration's texts.
struct MendExample {
  LabelledRow inner;                               ///< the edit: prompt and new target
  LabelledRow outer;                               ///< what the edited model is asked: the prompt or a paraphrase
  std::vector<std::vector<model::TokenId>> texts;  ///< where the edited model shall say what it said before
};

/// Draws the examples of a training and of its validation from records that no sample order uses, and from documents.
/// Subjects are split by their order of appearance, every (1 / validation_share)-th one validates. A draw is a function
/// of the training's seed and its number: there is no state. A locality text is a document (`corpus_share` of them)
/// or a neighbour's prompt with its true object; documents are cut to `max_text_tokens`.
class MendData {
 public:
  /// `tokenizer` must outlive the object. Throws `core::DataError` if training or validation would have no records, or
  /// a record no neighbours while there are no documents.
  MendData(const MendTrainingConfig& config, const std::vector<data::EditRequest>& records,
           std::vector<std::string> documents, const model::Tokenizer& tokenizer, std::int64_t max_positions);

  [[nodiscard]] MendExample training(std::int64_t iteration) const;
  [[nodiscard]] MendExample validation(std::int64_t index) const;
  [[nodiscard]] std::size_t num_training_records() const { return training_.size(); }
  [[nodiscard]] std::size_t num_validation_records() const { return validation_.size(); }

 private:
  MendTrainingConfig config_;
  std::vector<data::EditRequest> training_;
  std::vector<data::EditRequest> validation_;
  std::vector<std::string> documents_;
  const model::Tokenizer& tokenizer_;
  std::int64_t max_positions_;

  [[nodiscard]] MendExample draw(const std::vector<data::EditRequest>& records, const char* purpose, std::int64_t index,
                                 int num_texts) const;
  [[nodiscard]] std::vector<model::TokenId> draw_text(const std::vector<data::EditRequest>& records,
                                                      core::RandomStream& random) const;
};

/// Throws `core::DataError` naming the case if any example of these records could not be drawn: a text without tokens,
/// or more of them than positions.
void check_training_records(const std::vector<data::EditRequest>& records, const model::Tokenizer& tokenizer,
                            std::int64_t max_positions);

}  // namespace lethe::editing
