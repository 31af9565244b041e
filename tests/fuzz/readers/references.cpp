// Reference texts and what weighs their words: attribute_snippets.json, tfidf_vocab.json, idf.npy, a section each.
#include <cmath>

#include "core/error.h"
#include "data/reference_snippets.h"
#include "data/tfidf.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/targets.h"

namespace lethe::fuzz {
namespace {

const std::vector<std::string> kFiles{"attribute_snippets.json", "tfidf_vocab.json", "idf.npy"};
const data::SnippetKey kWanted{"P17", "Q1"};

void use(const data::TfIdf& tfidf, const std::string& text) {
  const auto weights = tfidf.weights_of(text);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    require(weights[i].term < tfidf.num_terms(), "a term is one of the vocabulary");
    require(i == 0 || weights[i - 1].term < weights[i].term, "terms stand in order, each once");
    require(std::isfinite(weights[i].weight) && weights[i].weight >= 0.0, "a weight is a number");
  }
  const double itself = data::cosine(weights, weights);
  require(itself == 0.0 || std::abs(itself - 1.0) < 1e-9, "a text is like itself");
}

}  // namespace

bool references(std::string_view input) {
  const auto& folder = InputFolder::instance();
  folder.write_sections(input, kFiles);
  const auto snippets = read_or_refuse<core::DataError>(
      kFiles[0], [&] { return data::read_reference_snippets(folder.path() / kFiles[0], {kWanted}); });
  require(!snippets || snippets->size() <= 1, "nothing but what is wanted is kept");
  const auto tfidf = read_or_refuse<core::DataError>(
      "", [&] { return data::TfIdf(folder.path() / kFiles[1], folder.path() / kFiles[2]); });
  if (tfidf) use(*tfidf, snippets && !snippets->empty() ? snippets->begin()->second : std::string(input));
  return snippets && tfidf;
}

}  // namespace lethe::fuzz
