#include "metrics/fixed_text.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/test_device.h"
#include "tests/support/tiny_world.h"

namespace lethe::metrics {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FixedTexts : public testing::TestWithParam<const model::FamilySpec*> {
 protected:
  FixedTexts()
      : tokenizer_(tokenizer()),
        network_(model::random_weights(test::tiny_architecture(GetParam()), 3, test::test_device())) {}

  static model::Tokenizer tokenizer() {
    const test::TemporaryFolder folder;
    test::write_tiny_model(folder.path(), GetParam(), 3);
    return model::Tokenizer::from_folder(folder.path());
  }

  FixedText cut(std::vector<std::string> documents, std::int64_t max_tokens) const {
    auto next = documents.begin();
    const auto next_document = [&] { return next == documents.end() ? std::nullopt : std::optional(*next++); };
    return cut_text(next_document, max_tokens, tokenizer_, network_.architecture(), "text.txt");
  }

  /// By the plain forward, token by token from the tokens before it.
  double nll_of(const std::vector<model::TokenId>& ids) const {
    double sum = 0.0;
    for (std::size_t t = 1; t < ids.size(); ++t) {
      const std::vector<std::vector<model::TokenId>> prefix{
          {ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(t)}};
      const auto logits = network_.forward(model::pad_rows(prefix, network_.device()))
                              .select(0, 0)
                              .select(0, static_cast<std::int64_t>(t) - 1)
                              .to(torch::kCPU, torch::kFloat64);
      sum -= at::log_softmax(logits, 0)[ids[t]].item<double>();
    }
    return sum;
  }

  model::Tokenizer tokenizer_;
  model::Network network_;
};

TEST_P(FixedTexts, PredictEachTokenOfADocumentButItsFirst) {
  const std::vector<std::string> documents{"A town by a river.", "Ab", "It is old, and it lies near the sea."};
  const auto text = cut(documents, 1000);
  ASSERT_EQ(text.num_tokens.size(), 3U);
  const auto nlls = document_nlls(network_, text);
  ASSERT_EQ(nlls.size(), 3U);
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const auto ids = tokenizer_.encode_prompt(documents[i]);
    EXPECT_EQ(text.num_tokens[i], std::ssize(ids) - 1) << documents[i];
    EXPECT_NEAR(nlls[i], nll_of(ids), 1e-5 * static_cast<double>(ids.size())) << documents[i];
  }
}

TEST_P(FixedTexts, EndAfterTheTokensAskedFor) {
  const auto first = std::ssize(tokenizer_.encode_prompt("A town.")) - 1;
  EXPECT_THAT(cut({"A town.", "A river."}, first).num_tokens, ElementsAre(first));
  EXPECT_THAT(cut({"A town.", "A river."}, first + 2).num_tokens, ElementsAre(first, 2));
  EXPECT_THAT(cut({"A town."}, 1).num_tokens, ElementsAre(1));
}

TEST_P(FixedTexts, LongDocumentsAreCutIntoWindowsThatShareAToken) {
  std::string document;
  const auto window = std::min<std::int64_t>(network_.architecture().max_positions, kWindowTokens);
  while (std::ssize(document) < 2 * window + 7) document += "a river and a town, ";
  const auto text = cut({document}, 1'000'000);
  const auto ids = tokenizer_.encode_prompt(document);
  ASSERT_GE(text.windows.size(), 3U);
  std::vector<model::TokenId> joined{text.windows.front().ids.front()};
  double sum = 0.0;
  for (const auto& one : text.windows) {
    EXPECT_LE(std::ssize(one.ids), window);
    EXPECT_EQ(one.ids.front(), joined.back());
    joined.insert(joined.end(), one.ids.begin() + 1, one.ids.end());
    sum += nll_of(one.ids);
  }
  EXPECT_EQ(joined, ids);
  ASSERT_LT(window, 200) << "the tiny models have few positions";
  EXPECT_NEAR(document_nlls(network_, text).at(0), sum, 1e-5 * static_cast<double>(ids.size()));
}

TEST_P(FixedTexts, AreReadInBatchesWithTheSameBitsEachTime) {
  std::vector<std::string> documents;
  for (int i = 0; i < 150; ++i) documents.push_back("Document " + std::string(static_cast<std::size_t>(i % 40), 'x'));
  const auto text = cut(documents, 1'000'000);
  int num_batches = 0;
  const auto nlls = document_nlls(network_, text, [&] { ++num_batches; });
  EXPECT_GE(num_batches, 2);
  EXPECT_EQ(document_nlls(network_, text), nlls);
}

TEST_P(FixedTexts, OfANetworkThatHasDivergedAreNoNumbers) {
  const auto name = network_.architecture().down_projection(0).weight;
  network_.set_parameter(name, torch::full_like(network_.parameter(name), std::numeric_limits<float>::infinity()));
  EXPECT_TRUE(std::isnan(document_nlls(network_, cut({"A town."}, 100)).at(0)));
}

TEST_P(FixedTexts, ATextOfWhichNothingCanBePredictedIsRefusedByItsPlace) {
  if (const auto size = std::ssize(tokenizer_.encode_prompt("a")); size > 1) {
    // A token stands in front of each text, behind which its own is predicted.
    EXPECT_THAT(cut({"a", "b"}, 100).num_tokens, ElementsAre(size - 1, size - 1));
    return;
  }
  try {
    static_cast<void>(cut({"a", "b"}, 100));
    FAIL() << "is not refused";
  } catch (const core::DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("text.txt: has no document of two tokens"));
  }
}

INSTANTIATE_TEST_SUITE_P(Families, FixedTexts, testing::ValuesIn(model::all_families()),
                         [](const auto& family) { return std::string(family.param->name); });

}  // namespace
}  // namespace lethe::metrics
