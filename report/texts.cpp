#include "report/texts.h"

#include <cctype>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "report/present.h"

namespace lethe::report {
namespace {

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool is_mark(char c) { return std::ispunct(static_cast<unsigned char>(c)) != 0; }

/// Does a mark at `i` belong to the word around it?
bool is_inside_word(std::string_view run, std::size_t i) {
  return i > 0 && i + 1 < run.size() && !is_mark(run[i - 1]) && !is_mark(run[i + 1]);
}

/// The words of a run without spaces.
void cut_run(std::string_view run, std::vector<std::string_view>& words) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (!is_mark(run[i]) || is_inside_word(run, i)) continue;
    if (i > begin) words.push_back(run.substr(begin, i - begin));
    words.push_back(run.substr(i, 1));
    begin = i + 1;
  }
  if (begin < run.size()) words.push_back(run.substr(begin));
}

/// Shannon entropy of the runs of `n` words, bits.
double entropy_bits(std::span<const std::string_view> words, std::size_t n) {
  if (words.size() < n) return 0.0;
  std::map<std::vector<std::string_view>, std::int64_t> counts;
  const std::size_t total = words.size() - n + 1;
  for (std::size_t i = 0; i < total; ++i) {
    const auto run = words.subspan(i, n);
    ++counts[{run.begin(), run.end()}];
  }
  double bits = 0.0;
  for (const auto& [run, count] : counts) {
    const double share = static_cast<double>(count) / static_cast<double>(total);
    bits -= share * std::log2(share);
  }
  return bits;
}

using Writer = core::WrittenTexts core::TextsRecord::*;

TextMeans means_of(std::span<const core::TextsRecord> records, Writer writer) {
  const auto fluency = [&](core::GeneratedText core::WrittenTexts::*text) {
    return present_of(records,
                      [&](const core::TextsRecord& record) {
                        if (!has_texts(record)) return std::numeric_limits<double>::quiet_NaN();
                        return 100.0 * ngram_entropy_bits(record.prompt + (record.*writer.*text).text);
                      })
        .mean();
  };
  const auto nll = present_of(records, [&](const core::TextsRecord& record) { return (record.*writer).nll_unedited; });
  return {fluency(&core::WrittenTexts::greedy), fluency(&core::WrittenTexts::sampled), std::exp(nll.mean())};
}

core::TextsRecord without_ids(core::TextsRecord record) {
  for (core::WrittenTexts* texts : {&record.edited, &record.unedited}) {
    texts->greedy.ids.clear();
    texts->sampled.ids.clear();
  }
  return record;
}

}  // namespace

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t i = 0;
  while (i < text.size()) {
    if (is_space(text[i])) {
      ++i;
      continue;
    }
    const std::size_t begin = i;
    while (i < text.size() && !is_space(text[i])) ++i;
    cut_run(text.substr(begin, i - begin), words);
  }
  return words;
}

double ngram_entropy_bits(std::string_view text) {
  const auto words = words_of(text);
  return (2.0 / 3.0 * entropy_bits(words, 2) + 4.0 / 3.0 * entropy_bits(words, 3)) / 2.0;
}

bool has_texts(const core::TextsRecord& record) {
  const auto& text = record.unedited.sampled;
  return !text.ids.empty() || !text.text.empty();
}

TextsPoint average_texts(std::int64_t edits, std::span<const core::TextsRecord> records) {
  TextsPoint point{
      edits, means_of(records, &core::TextsRecord::edited), means_of(records, &core::TextsRecord::unedited), {}};
  std::int64_t last_fact = 0;
  for (const auto& record : records) {
    if (record.edit == last_fact || !has_texts(record)) continue;
    if (point.shown.size() == kShownFacts) break;
    point.shown.push_back(without_ids(record));
    last_fact = record.edit;
  }
  return point;
}

}  // namespace lethe::report
