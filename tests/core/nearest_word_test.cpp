#include "core/nearest_word.h"

#include <gtest/gtest.h>

#include <vector>

namespace lethe::core {
namespace {

TEST(EditDistance, HandCases) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("sitting", "kitten"), 3U);
  EXPECT_EQ(edit_distance("edits", "edits"), 0U);
}

TEST(NearestWord, FindsWhatWasMeant) {
  const std::vector<std::string> words{"checkpoint_every", "forgetting_every", "tasks_every", "edits"};
  EXPECT_EQ(nearest_word("chekpoint_every", words), "checkpoint_every");
  EXPECT_EQ(nearest_word("task_every", words), "tasks_every");
  EXPECT_EQ(nearest_word("edit", words), "edits");
  EXPECT_EQ(nearest_word("forget", words), "forgetting_every");
}

TEST(NearestWord, CapitalsAreNoOtherLetters) {
  const std::vector<std::string> words{"cpu", "cuda"};
  EXPECT_EQ(nearest_word("CUDA", words), "cuda");
  EXPECT_EQ(nearest_word("Cpu", words), "cpu");
  EXPECT_EQ(nearest_word("CUD", words), "cuda");
}

TEST(NearestWord, SuggestsNothingFarFetched) {
  const std::vector<std::string> words{"rome", "ft"};
  EXPECT_EQ(nearest_word("serac", words), std::nullopt);
  EXPECT_EQ(nearest_word("", words), std::nullopt);
  EXPECT_EQ(nearest_word(std::string(1'000'000, 'r'), words), std::nullopt);
  EXPECT_EQ(nearest_word("rome", {}), std::nullopt);
}

TEST(JoinAlternatives, ReadsLikeASentence) {
  EXPECT_EQ(join_alternatives(std::vector<std::string>{"a", "b", "c"}), "a, b or c");
  EXPECT_EQ(join_alternatives(std::vector<std::string>{"a", "b"}), "a or b");
  EXPECT_EQ(join_alternatives(std::vector<std::string>{"a"}), "a");
}

}  // namespace
}  // namespace lethe::core
