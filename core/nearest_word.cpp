#include "core/nearest_word.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace lethe::core {

namespace {

/// Capitals are no other letters to who misspells a word.
std::string in_small_letters(std::string_view word) {
  std::string small(word);
  for (auto& c : small) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return small;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substitution, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::optional<std::string> nearest_word(std::string_view word, std::span<const std::string> words) {
  // Also keeps the quadratic distance away from a scalar of a megabyte.
  constexpr std::size_t kMaxLength = 200;
  // Among thousands none is meant, and each of as many problems would look through them all.
  constexpr std::size_t kMaxWords = 1000;
  if (word.size() > kMaxLength || words.size() > kMaxWords) return std::nullopt;
  std::optional<std::string> nearest;
  std::size_t smallest = kMaxLength + 1;
  const auto small = in_small_letters(word);
  for (const auto& candidate : words) {
    const auto other = in_small_letters(candidate);
    // A word that was not finished is near, however much is missing.
    const bool is_beginning = word.size() >= 3 && other.size() > small.size() && other.starts_with(small);
    const auto distance = is_beginning ? std::size_t{1} : edit_distance(small, other);
    const auto longer = std::max(word.size(), candidate.size());
    if (distance >= smallest || 2 * distance > longer) continue;
    smallest = distance;
    nearest = candidate;
  }
  return nearest;
}

std::string suggestion(std::string_view word, std::span<const std::string> words) {
  const auto nearest = nearest_word(word, words);
  return nearest ? "; did you mean \"" + *nearest + "\"?" : "";
}

std::string join_alternatives(std::span<const std::string> words) {
  constexpr std::size_t kMaxTold = 40;
  std::string text;
  if (words.size() > kMaxTold) {
    for (const auto& word : words.first(kMaxTold)) text.append(word).append(", ");
    return text + "... (" + std::to_string(words.size()) + " in all)";
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace lethe::core
