#include "data/tfidf.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>

#include "core/error.h"
#include "data/json_entries.h"
#include "data/letter_case.h"
#include "data/mapped_file.h"
#include "data/numpy_array.h"
#include "data/text_file.h"
#include "data/word_tokens.h"

namespace lethe::data {
namespace {

constexpr double kLargestIdf = 1e6;

/// The numbers of a vector of fp32 or fp64.
std::vector<double> numbers_of(const NumpyArray& array, const std::string& place) {
  const bool is_double = array.dtype == "<f8";
  if (array.shape.size() != 1 || (!is_double && array.dtype != "<f4")) {
    throw core::DataError(place + " an array of one dimension of fp32 or fp64 (<f4, <f8) expected, found " +
                          std::to_string(array.shape.size()) + " dimension(s) of " + excerpt(array.dtype) +
                          "; save numpy.asarray(idf, dtype='<f8').ravel()");
  }
  std::vector<double> numbers(static_cast<std::size_t>(array.numel()));
  const std::size_t size = is_double ? sizeof(double) : sizeof(float);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::byte* const bytes = array.values.data() + i * size;  // of no alignment
    float single = 0.0F;
    if (is_double) {
      std::memcpy(&numbers[i], bytes, size);
    } else {
      std::memcpy(&single, bytes, size);
      numbers[i] = single;
    }
  }
  return numbers;
}

std::string shown(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", number);
  return text.data();
}

std::vector<double> read_idf(const std::filesystem::path& path) {
  const MappedFile file(path);
  const auto place = path.string() + ":";
  auto idf = numbers_of(numpy_array({file.data(), file.size_bytes()}, place), place);
  Problems problems;
  for (std::size_t i = 0; i < idf.size(); ++i) {
    if (idf[i] >= 0.0 && idf[i] <= kLargestIdf) continue;
    problems.add(place + " number " + std::to_string(i) + ": an idf from 0 to 1e6 expected, found " + shown(idf[i]) +
                 "; fetch the file again");
  }
  problems.throw_if_any();
  return idf;
}

double squared_norm(std::span<const TermWeight> weights) {
  double sum = 0.0;
  for (const TermWeight& one : weights) sum += one.weight * one.weight;
  return sum;
}

}  // namespace

TfIdf::TfIdf(const std::filesystem::path& vocabulary, const std::filesystem::path& idf) : idf_(read_idf(idf)) {
  read_vocabulary(vocabulary);
  if (terms_.size() == idf_.size()) return;
  throw core::DataError(vocabulary.string() + ": has " + std::to_string(terms_.size()) + " words, and " + idf.string() +
                        " " + std::to_string(idf_.size()) + " numbers; both must be of one fit: fetch them together");
}

void TfIdf::read_vocabulary(const std::filesystem::path& path) {
  const auto document = parse_json(read_text_file(path), path.string());
  if (!document.is_object()) {
    throw core::DataError(path.string() + ": an object such as {\"word\": 0, ...} expected, found " +
                          describe(document));
  }
  Problems problems;
  std::vector<bool> is_taken(document.size());
  terms_.reserve(document.size());
  for (const auto& [word, value] : document.items()) {
    const auto index = integer_of(value);
    const auto place = path.string() + ", key \"" + excerpt(word) + "\": ";
    if (!index || *index < 0 || *index >= std::ssize(is_taken)) {
      problems.add(place + "an index from 0 to " + std::to_string(document.size() - 1) + " expected, found " +
                   describe(value));
      continue;
    }
    const auto term = static_cast<std::uint32_t>(*index);
    if (is_taken[term]) problems.add(place + "the index " + std::to_string(term) + " is another word's");
    is_taken[term] = true;
    terms_.emplace(word, term);
  }
  problems.throw_if_any();
}

std::vector<TermWeight> TfIdf::weights_of(std::string_view text) const {
  const std::string lower = to_lower(text);
  std::map<std::uint32_t, std::int64_t> counts;
  for (const auto token : word_tokens(lower)) {
    if (const auto found = terms_.find(token); found != terms_.end()) ++counts[found->second];
  }
  std::vector<TermWeight> weights;
  for (const auto& [term, count] : counts) weights.push_back({term, static_cast<double>(count) * idf_[term]});
  return weights;
}

double cosine(std::span<const TermWeight> one, std::span<const TermWeight> other) {
  double product = 0.0;
  auto in_other = other.begin();
  for (const TermWeight& mine : one) {
    while (in_other != other.end() && in_other->term < mine.term) ++in_other;
    if (in_other != other.end() && in_other->term == mine.term) product += mine.weight * in_other->weight;
  }
  const double norms = std::sqrt(squared_norm(one)) * std::sqrt(squared_norm(other));
  return norms > 0.0 ? product / norms : 0.0;
}

}  // namespace lethe::data
