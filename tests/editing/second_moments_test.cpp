#include "editing/second_moments.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/editing/editing_fixture.h"
#include "tests/support/test_device.h"

namespace lethe::editing {
namespace {

using test::byte_tokenizer;
using test::ids_of;
using test::lively_network;
using test::relative_difference;
using Rows = std::vector<std::vector<model::TokenId>>;

/// Sum of k k^T, one unpadded row at a time, in fp64.
at::Tensor direct_sum(const model::Network& network, const Rows& rows, int layer) {
  at::Tensor sum = test::on_test_device(at::zeros({64, 64}, at::kDouble));
  for (const auto& row : rows) {
    std::array<model::Tap, 1> taps{model::Tap{layer, model::Site::kProjectionInput, {}, {}}};
    model::ForwardOptions options;
    options.taps = taps;
    static_cast<void>(
        network.forward_layers(network.embed(model::pad_rows(Rows{row}, test::test_device()).ids_BT), options));
    const at::Tensor keys = taps[0].value.squeeze(0).to(at::kDouble);
    sum += at::matmul(keys.t(), keys);
  }
  return sum;
}

const Rows kRows{ids_of("a longer row of text"), ids_of("short"), ids_of("and one more row")};
constexpr std::int64_t kTokens = 20 + 5 + 16;

TEST(SecondMoments, EqualTheDirectSumOverRealTokens) {
  for (const model::FamilySpec* family : {&model::kGpt2, &model::kGptj}) {
    const model::Network network = lively_network(family);
    SecondMomentAccumulator accumulator(network, {0, 2});
    accumulator.add(model::pad_rows(kRows, test::test_device()));
    EXPECT_EQ(accumulator.count(), kTokens);
    const auto moments = accumulator.finish();
    ASSERT_EQ(moments.size(), 2U);
    for (const int layer : {0, 2}) {
      const at::Tensor expected = direct_sum(network, kRows, layer) / static_cast<double>(kTokens);
      EXPECT_LT(relative_difference(moments.at(layer).moment_FF, expected), 1e-6) << "layer " << layer;
      EXPECT_EQ(moments.at(layer).count, kTokens);
    }
  }
}

TEST(SecondMoments, AreSymmetricInDoublePrecision) {
  const auto moment = test::some_moments(lively_network(&model::kGpt2), 1).at(1);
  EXPECT_EQ(moment.moment_FF.scalar_type(), at::kDouble);
  EXPECT_TRUE(at::equal(moment.moment_FF, moment.moment_FF.t()));
}

TEST(SecondMoments, DependOnTheCutIntoBatchesByRoundingOnly) {
  const model::Network network = lively_network(&model::kGpt2);
  SecondMomentAccumulator together(network, {1});
  together.add(model::pad_rows(kRows, test::test_device()));
  SecondMomentAccumulator apart(network, {1});
  for (auto row = kRows.rbegin(); row != kRows.rend(); ++row) {
    apart.add(model::pad_rows(Rows{*row}, test::test_device()));
  }
  EXPECT_EQ(together.count(), apart.count());
  EXPECT_LT(relative_difference(apart.finish().at(1).moment_FF, together.finish().at(1).moment_FF), 1e-6);
}

TEST(SecondMoments, RefuseAnEmptySumAndAnUnknownLayer) {
  const model::Network network = lively_network(&model::kGpt2);
  EXPECT_THROW(static_cast<void>(SecondMomentAccumulator(network, {0}).finish()), core::DataError);
  EXPECT_THROW(SecondMomentAccumulator(network, {3}), core::ConfigError);
  EXPECT_THROW(SecondMomentAccumulator(network, {-1}), core::ConfigError);
}

TEST(PanelTriangle, EqualsThePlainProductAtEveryWidth) {
  for (const std::int64_t width : {1, 7, 256, 257, 512, 700}) {
    at::manual_seed(static_cast<std::uint64_t>(width));
    const at::Tensor first = test::on_test_device(at::randn({90, width}));
    const at::Tensor second = test::on_test_device(at::randn({33, width}));
    PanelTriangle sum(width, test::test_device());
    sum.add_product(first);
    sum.add_product(second);
    EXPECT_EQ(sum.values().numel(), PanelTriangle::num_values(width));
    const at::Tensor all = at::cat({first, second}).to(at::kDouble);
    const at::Tensor matrix = sum.symmetric(0.5);
    EXPECT_LT(relative_difference(matrix, at::matmul(all.t(), all) * 0.5), 1e-6) << width;
    EXPECT_TRUE(at::equal(matrix, matrix.t())) << width;
  }
  EXPECT_EQ(PanelTriangle::num_values(16384), 64LL * 65 / 2 * 256 * 256) << "GPT-J";
}

TEST(PanelTriangle, SumsOfSlicesAddUpToTheBit) {
  at::manual_seed(3);
  const at::Tensor first = test::on_test_device(at::randn({50, 300}));
  const at::Tensor second = test::on_test_device(at::randn({60, 300}));
  PanelTriangle together(300, test::test_device());
  together.add_product(first);
  PanelTriangle apart(300, test::test_device());
  apart.add_product(second);
  const at::Tensor expected = together.values() + apart.values();
  PanelTriangle from_file(300, apart.values().clone());
  together.add(from_file);
  EXPECT_TRUE(at::equal(together.values(), expected));
}

TEST(PanelTriangle, RefusesOtherShapes) {
  EXPECT_THROW(PanelTriangle(300, at::zeros({10}, at::kDouble)), core::DataError);
  EXPECT_THROW(PanelTriangle(2, at::zeros({4}, at::kFloat)), core::DataError);
  PanelTriangle sum(3, test::test_device());
  EXPECT_THROW(sum.add_product(at::zeros({2, 4})), core::DataError);
  EXPECT_THROW(sum.add(PanelTriangle(4, test::test_device())), core::DataError);
}

std::vector<std::vector<std::size_t>> sizes_of(const std::vector<Rows>& batches) {
  std::vector<std::vector<std::size_t>> sizes;
  for (const Rows& batch : batches) {
    auto& of_batch = sizes.emplace_back();
    for (const auto& row : batch) {
      of_batch.push_back(row.size());
    }
  }
  return sizes;
}

TEST(PackDocuments, CutsLongestFirstWithinThePaddedSize) {
  const std::vector<std::string> documents{"aaa", "bbbbbbbb", "", "cccc", "dddddd", "ee"};
  const auto batches = pack_documents(documents, byte_tokenizer(), 100, 12).batches;
  // 8 | 6 and 4 padded to 6 fill 12; 3 would need 18 | 3, 2.
  EXPECT_EQ(sizes_of(batches), (std::vector<std::vector<std::size_t>>{{8}, {6, 4}, {3, 2}}));
}

TEST(PackDocuments, TruncatesToPositionsAndToTheBatch) {
  const std::vector<std::string> documents{std::string(30, 'a'), std::string(9, 'b')};
  EXPECT_EQ(sizes_of(pack_documents(documents, byte_tokenizer(), 10, 100).batches),
            (std::vector<std::vector<std::size_t>>{{10, 9}}));
  EXPECT_EQ(sizes_of(pack_documents(documents, byte_tokenizer(), 100, 8).batches),
            (std::vector<std::vector<std::size_t>>{{8}, {8}}));
}

TEST(PackDocuments, SortsWithinGroupsOfOneHundred) {
  std::vector<std::string> documents(150, "x");
  documents[120] = "yyyy";
  const auto batches = pack_documents(documents, byte_tokenizer(), 100, 1000).batches;
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[0].size(), 100U);
  EXPECT_EQ(batches[1].size(), 50U);
  EXPECT_EQ(batches[1].front().size(), 4U);
}

TEST(PackDocuments, GivesTheSameBatchesInPieces) {
  std::vector<std::string> documents;
  for (int i = 0; i < 250; ++i) documents.emplace_back(static_cast<std::size_t>(i * 37 % 50), 'a');
  const auto whole = pack_documents(documents, byte_tokenizer(), 100, 200).batches;
  std::vector<Rows> pieces;
  for (std::size_t begin = 0; begin < documents.size(); begin += kDocumentsPerGroup) {
    const std::size_t count = std::min(kDocumentsPerGroup, documents.size() - begin);
    for (auto& batch : pack_documents(std::span(documents).subspan(begin, count), byte_tokenizer(), 100, 200).batches) {
      pieces.push_back(std::move(batch));
    }
  }
  EXPECT_EQ(pieces, whole);
}

TEST(PackDocuments, KeepsTheOrderOfEqualLengths) {
  const std::vector<std::string> documents{"ab", "cd", "ef"};
  const auto batches = pack_documents(documents, byte_tokenizer(), 100, 100).batches;
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0], (Rows{ids_of("ab"), ids_of("cd"), ids_of("ef")}));
}

TEST(PackDocuments, GivesNothingForNothing) {
  EXPECT_TRUE(pack_documents({}, byte_tokenizer(), 100, 100).batches.empty());
  const std::vector<std::string> empty{"", ""};
  EXPECT_TRUE(pack_documents(empty, byte_tokenizer(), 100, 100).batches.empty());
  EXPECT_THROW(pack_documents(empty, byte_tokenizer(), 100, 0).batches, core::ConfigError);
}

}  // namespace
}  // namespace lethe::editing
