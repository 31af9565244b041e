#include "editing/mend/mend_data.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.h"
#include "core/random_stream.h"
#include "editing/edit_prompts.h"

namespace lethe::editing {
namespace {

std::size_t pick(core::RandomStream& random, std::size_t count) { return random.next() % count; }

std::string place_of(const data::EditRequest& record) {
  return "training records: case " + std::to_string(record.case_id);
}

}  // namespace

MendData::MendData(const MendTrainingConfig& config, const std::vector<data::EditRequest>& records,
                   std::vector<std::string> documents, const model::Tokenizer& tokenizer, std::int64_t max_positions)
    : config_(config), documents_(std::move(documents)), tokenizer_(tokenizer), max_positions_(max_positions) {
  const auto stride = static_cast<std::size_t>(std::max(1L, std::lround(1.0 / config.validation_share)));
  std::map<std::string, std::size_t> subjects;
  for (const data::EditRequest& record : records) {
    const auto number = subjects.try_emplace(record.subject, subjects.size()).first->second;
    (number % stride == 0 ? validation_ : training_).push_back(record);
    if (documents_.empty() && record.neighborhood_prompts.empty()) {
      throw core::DataError(place_of(record) + ": has no neighborhood_prompts to keep unchanged; name a corpus:");
    }
  }
  if (training_.empty() || validation_.empty()) {
    throw core::DataError("training records: " + std::to_string(subjects.size()) +
                          " subject(s) cannot be split into training and validation; give more records or another "
                          "validation_share");
  }
}

void check_training_records(const std::vector<data::EditRequest>& records, const model::Tokenizer& tokenizer,
                            std::int64_t max_positions) {
  for (const data::EditRequest& record : records) {
    static_cast<void>(labelled_row(record, tokenizer, max_positions));
    for (const auto& asked : record.paraphrase_prompts) {
      static_cast<void>(labelled_row(asked, record.target_new, tokenizer, max_positions, place_of(record)));
    }
  }
}

MendExample MendData::training(std::int64_t iteration) const { return draw(training_, "mend training", iteration, 1); }

MendExample MendData::validation(std::int64_t index) const {
  return draw(validation_, "mend validation", index, config_.validation_texts);
}

MendExample MendData::draw(const std::vector<data::EditRequest>& records, const char* purpose, std::int64_t index,
                           int num_texts) const {
  core::RandomStream random(static_cast<std::uint64_t>(config_.seed), purpose, static_cast<std::uint64_t>(index));
  const data::EditRequest& record = records[pick(random, records.size())];
  const std::size_t question = pick(random, record.paraphrase_prompts.size() + 1);
  const std::string asked = question == 0 ? record.edit_prompt() : record.paraphrase_prompts[question - 1];
  MendExample example;
  example.inner = labelled_row(record, tokenizer_, max_positions_);
  example.outer = labelled_row(asked, record.target_new, tokenizer_, max_positions_, place_of(record));
  for (int i = 0; i < num_texts; ++i) example.texts.push_back(draw_text(records, random));
  return example;
}

std::vector<model::TokenId> MendData::draw_text(const std::vector<data::EditRequest>& records,
                                                core::RandomStream& random) const {
  const data::EditRequest& record = records[pick(random, records.size())];
  const bool is_document =
      !documents_.empty() && (record.neighborhood_prompts.empty() || random.uniform() < config_.corpus_share);
  const std::string text = is_document ? documents_[pick(random, documents_.size())]
                                       : record.neighborhood_prompts[pick(random, record.neighborhood_prompts.size())] +
                                             spaced_target(record.target_true);
  std::vector<model::TokenId> ids = tokenizer_.encode_prompt(text);
  const auto limit = std::min<std::int64_t>(config_.max_text_tokens, max_positions_);
  if (static_cast<std::int64_t>(ids.size()) > limit) ids.resize(static_cast<std::size_t>(limit));
  return ids;
}

}  // namespace lethe::editing
