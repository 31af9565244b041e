#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/metric_record.h"
#include "ledger/sweep_folder.h"

namespace lethe::report {

/// The words of a text: runs of characters between spaces, cut before and behind each ASCII punctuation mark that does
/// not stand between two other characters ("don't" and "3.5" are one word, "end." two).
std::vector<std::string_view> words_of(std::string_view text);

/// Mean of 2/3 of the entropy of a text's pairs of words and 4/3 of that of its triples, bits (the published
/// `ngram_entropy`; times 100, what tables call fluency). 0 of a text without pairs.
double ngram_entropy_bits(std::string_view text);

/// Means over the texts of one model.
struct TextMeans {
  /// 100 x n-gram entropy, bits, of prompt and continuation; NaN where nothing was written.
  double greedy_fluency = 0.0;
  double sampled_fluency = 0.0;  ///< the same of the sampled texts
  /// Of the unedited model's sampled texts: exp of the mean over texts of their mean NLL per token. NaN of none.
  double perplexity = 0.0;
  /// 100 x similarity to reference texts (report/references.h), the mean over the facts that have some; NaN of none,
  /// and where nobody asked for it.
  double greedy_consistency = std::numeric_limits<double>::quiet_NaN();
  double sampled_consistency = std::numeric_limits<double>::quiet_NaN();
};

/// Facts whose texts were compared with references.
struct ComparedFacts {
  std::vector<std::int64_t> case_ids;  ///< of those that have references
  std::int64_t num_facts = 0;          ///< with texts
};

/// What was written after n edits.
struct TextsPoint {
  std::int64_t edits = 0;
  TextMeans edited;
  TextMeans unedited;
  std::vector<core::TextsRecord> shown;     ///< of the first facts with texts, one prompt each; without token ids
  std::optional<ComparedFacts> compared{};  ///< of the consistency; nullopt: not asked for
  ledger::ReductionFile file{};             ///< whose texts these are
};

/// How many facts' texts a page shows of a cell.
inline constexpr std::size_t kShownFacts = 2;

/// Was anything written? Behind a prompt of `texts_tokens` tokens or more no model writes anything: of its texts there
/// is nothing to measure, and no mean holds them.
bool has_texts(const core::TextsRecord& record);

TextsPoint average_texts(std::int64_t edits, std::span<const core::TextsRecord> records);

}  // namespace lethe::report
