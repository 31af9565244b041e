#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lethe::data {

/// A word of a text and what it weighs there.
struct TermWeight {
  std::uint32_t term = 0;  ///< its index in the vocabulary
  double weight = 0.0;     ///< times that it is there x its idf

  bool operator==(const TermWeight&) const = default;
};

/// TF-IDF with a vocabulary and inverse document frequencies that were fitted before, as scikit-learn's
/// `TfidfVectorizer` with its defaults computes it: lower case, tokens of two word characters or more
/// (data/word_tokens.h), raw counts; words outside the vocabulary are not counted.
class TfIdf {
 public:
  /// `vocabulary`: a JSON object of each word's index, which are 0 to n-1, each once. `idf`: an .npy array of n
  /// numbers, fp32 or fp64, each from 0 to 1e6 (one of N documents' is at most 1 + ln N). Throws `core::DataError` with
  /// the files, their places and all problems.
  TfIdf(const std::filesystem::path& vocabulary, const std::filesystem::path& idf);

  [[nodiscard]] std::size_t num_terms() const { return idf_.size(); }
  /// By term, increasing; empty where the text has no word of the vocabulary.
  [[nodiscard]] std::vector<TermWeight> weights_of(std::string_view text) const;

 private:
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard's name
  };
  std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> terms_;
  std::vector<double> idf_;

  void read_vocabulary(const std::filesystem::path& path);
};

/// Cosine of the angle between two texts' weights: 0 to 1, and 0 where one of them has none.
double cosine(std::span<const TermWeight> one, std::span<const TermWeight> other);

}  // namespace lethe::data
