#include "data/tfidf.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "data/reference_snippets.h"
#include "tests/data/golden_references.h"
#include "tests/data/input_file.h"

namespace lethe::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <typename Value>
std::string npy(const std::vector<Value>& values, const std::string& dtype, const std::string& shape) {
  const auto header = "{'descr': '" + dtype + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
  const auto size = static_cast<std::uint16_t>(header.size());
  return std::string("\x93NUMPY\x01\0", 8) + std::string(reinterpret_cast<const char*>(&size), 2) + header +
         std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Value));
}

std::string npy(const std::vector<double>& values) {
  return npy(values, "<f8", "(" + std::to_string(values.size()) + ",)");
}

/// Both files of a TF-IDF.
class Files {
 public:
  Files(const std::string& vocabulary, const std::string& idf)
      : vocabulary_(vocabulary, "tfidf_vocab.json"), idf_(vocabulary_.path().parent_path() / "idf.npy") {
    std::ofstream(idf_, std::ios::binary).write(idf.data(), std::ssize(idf));
  }
  [[nodiscard]] TfIdf read() const { return {vocabulary_.path(), idf_}; }
  [[nodiscard]] std::string refusal() const {
    return data_error_of([&] { static_cast<void>(read()); });
  }

 private:
  InputFile vocabulary_;
  std::filesystem::path idf_;
};

TEST(TfIdf, ScoresAreThoseOfScikitLearn) {
  const TfIdf tfidf(kGoldenReferences / "tfidf_vocab.json", kGoldenReferences / "idf.npy");
  const auto expected = golden_expectations().at("scores");
  ASSERT_GE(expected.size(), 8U);
  for (const auto& one : expected) {
    const SnippetKey key{one.at("relation_id"), one.at("target_id")};
    const auto references = read_reference_snippets(kGoldenReferences / "attribute_snippets.json", {key});
    std::string text;
    for (const auto& part : one.at("texts")) text += (text.empty() ? "" : " ") + part.get<std::string>();
    const double score = cosine(tfidf.weights_of(text), tfidf.weights_of(references.at(key)));
    EXPECT_NEAR(score, one.at("cosine").get<double>(), 1e-12) << one.at("texts");
  }
}

TEST(TfIdf, WeighsCountsByIdfAndLeavesOtherWordsOut) {
  const auto tfidf = Files(R"({"town": 2, "river": 0, "hill": 1})", npy({1.5, 2.0, 3.0})).read();
  EXPECT_EQ(tfidf.num_terms(), 3U);
  const auto weights = tfidf.weights_of("The River, the TOWN: a river.");
  EXPECT_THAT(weights, ElementsAre(TermWeight{0, 3.0}, TermWeight{2, 3.0}));
  // (3, 0, 3) and (0, 2, 3): 9 / (sqrt 18 sqrt 13).
  EXPECT_NEAR(cosine(weights, tfidf.weights_of("hill town")), 9.0 / std::sqrt(18.0 * 13.0), 1e-15);
  EXPECT_NEAR(cosine(weights, weights), 1.0, 1e-15);
  EXPECT_EQ(cosine(weights, tfidf.weights_of("hill")), 0.0);
  EXPECT_THAT(tfidf.weights_of("valley - !"), IsEmpty());
  EXPECT_EQ(cosine(weights, {}), 0.0) << "no angle, and no NaN";
}

TEST(TfIdf, IdfMayBeOfFp32) {
  const auto tfidf = Files(R"({"aa": 1, "bb": 0})", npy(std::vector<float>{1.5F, 2.25F}, "<f4", "(2,)")).read();
  EXPECT_THAT(tfidf.weights_of("aa"), ElementsAre(TermWeight{1, 2.25}));
}

TEST(TfIdf, FilesOfOtherFitsAreRefusedTogether) {
  EXPECT_THAT(Files(R"({"aa": 0, "bb": 1})", npy({1.0, 1.0, 1.0})).refusal(),
              AllOf(HasSubstr("tfidf_vocab.json: has 2 words, and "), HasSubstr("idf.npy 3 numbers"),
                    HasSubstr("fetch them together")));
}

TEST(TfIdf, IndicesThatAreNoneAreAllNamed) {
  const auto refusal = Files(R"({"aa": 0, "bb": 0, "cc": 7, "dd": -1, "ee": 1.5, "ff": "0", "gg": 1e99})",
                             npy(std::vector<double>(7, 1.0)))
                           .refusal();
  EXPECT_THAT(refusal, AllOf(HasSubstr("key \"bb\": the index 0 is another word's"),
                             HasSubstr("key \"cc\": an index from 0 to 6 expected, found 7"), HasSubstr("key \"dd\""),
                             HasSubstr("key \"ee\""), HasSubstr("key \"ff\""), HasSubstr("key \"gg\"")));
}

TEST(TfIdf, NumbersThatAreNoIdfAreNamed) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  const auto refusal = Files(R"({"aa": 0})", npy({1.0, nan, infinite, -1.0, 1e300})).refusal();
  EXPECT_THAT(refusal, AllOf(HasSubstr("idf.npy: number 1: an idf from 0 to 1e6 expected, found "),
                             HasSubstr("number 2: "), HasSubstr("number 3: "), HasSubstr("found 1e+300")));
}

TEST(TfIdf, OtherFormsAreRefused) {
  const std::string words = R"({"aa": 0})";
  EXPECT_THAT(Files(words, npy(std::vector<std::int64_t>{1}, "<i8", "(1,)")).refusal(), HasSubstr("found 1 dimension"));
  EXPECT_THAT(Files(words, npy(std::vector<double>{1.0}, "<f8", "(1, 1)")).refusal(), HasSubstr("one dimension"));
  EXPECT_THAT(Files(words, npy(std::vector<double>{1.0}, "<f8", "(2,)")).refusal(),
              HasSubstr("idf.npy: holds 8 bytes"));
  EXPECT_THAT(Files(words, "no array").refusal(), HasSubstr("idf.npy: is no .npy array"));
  EXPECT_THAT(Files(words, "").refusal(), HasSubstr("idf.npy: the file is empty"));
  EXPECT_THAT(Files("[1]", npy({1.0})).refusal(), HasSubstr("tfidf_vocab.json: an object such as"));
  EXPECT_THAT(Files(R"({"aa": 0, "aa": 1})", npy({1.0})).refusal(), HasSubstr("twice in one object"));
  EXPECT_THAT(Files(R"({"aa": 0)", npy({1.0})).refusal(), HasSubstr("ends in mid-text"));
}

}  // namespace
}  // namespace lethe::data
