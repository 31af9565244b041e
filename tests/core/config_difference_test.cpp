#include "core/config/config_difference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lethe::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

ExperimentConfig small() {
  ExperimentConfig config;
  config.name = "small";
  config.models.push_back({"tiny", "/models/tiny", {}, {}});
  config.cells = {{"rome", "tiny", 0}, {"rome", "tiny", 1}};
  for (const auto& cell : config.cells) config.edits[cell] = 60;
  return config;
}

std::vector<std::string> lines_of(const std::vector<KeyDifference>& differences) {
  std::vector<std::string> lines;
  for (const auto& [key, one, other] : differences) lines.push_back(key + ": " + one + " / " + other);
  return lines;
}

TEST(ConfigDifference, OfOneConfigIsNone) {
  EXPECT_THAT(key_differences(small(), small()), IsEmpty());
  const auto grid = grid_difference(small(), small());
  EXPECT_TRUE(grid.only_one.empty() && grid.only_other.empty() && grid.other_edits.empty());
}

TEST(ConfigDifference, OfKeysHasBothValuesAndNotThePlaceOfTheYaml) {
  auto other = small();
  other.seed = 41;
  other.source = "/elsewhere.yaml";
  other.models.front().path = "/models/other";
  EXPECT_THAT(lines_of(key_differences(small(), other)),
              ElementsAre("models.tiny.path: \"/models/tiny\" / \"/models/other\"", "seed: 37 / 41"));
  EXPECT_THAT(lines_of(key_differences(other, small())),
              ElementsAre("models.tiny.path: \"/models/other\" / \"/models/tiny\"", "seed: 41 / 37"));
}

TEST(ConfigDifference, LongValuesAreShownWhereTheyPart) {
  auto one = small();
  auto other = small();
  one.models.front().path = "/" + std::string(100, 'a') + "/one";
  other.models.front().path = "/" + std::string(100, 'a') + "/two";
  EXPECT_THAT(lines_of(key_differences(one, other)), ElementsAre("models.tiny.path: ..." + std::string(19, 'a') +
                                                                 "/one\" / ..." + std::string(19, 'a') + "/two\""));
  one.models.front().path = "/b" + std::string(100, 'a');
  other.models.front().path = "/c" + std::string(100, 'a');
  EXPECT_THAT(lines_of(key_differences(one, other)), ElementsAre("models.tiny.path: \"/b" + std::string(57, 'a') +
                                                                 "... / \"/c" + std::string(57, 'a') + "..."));
}

TEST(ConfigDifference, AModelThatOneHasAloneIsTheGridsNews) {
  auto other = small();
  other.models.push_back({"large", "/models/large", {}, {}});
  other.cells.push_back({"rome", "large", 0});
  other.edits[other.cells.back()] = 60;
  other.edits.erase(other.cells.front());
  other.cells.erase(other.cells.begin());
  other.edits[{"rome", "tiny", 1}] = 90;
  EXPECT_THAT(key_differences(small(), other), IsEmpty());
  const auto grid = grid_difference(small(), other);
  EXPECT_THAT(grid.only_one, ElementsAre("rome/tiny/sample0"));
  EXPECT_THAT(grid.only_other, ElementsAre("rome/large/sample0"));
  EXPECT_THAT(grid.other_edits,
              ElementsAre(Pair(std::pair<std::int64_t, std::int64_t>(60, 90), ElementsAre("rome/tiny/sample1"))));
}

TEST(ConfigDifference, ManyNamesAreCounted) {
  EXPECT_EQ(first_names({"a", "b"}), "a, b");
  EXPECT_EQ(first_names({"a", "b", "c", "d", "e", "f"}), "a, b, c, d and 2 more");
}

}  // namespace
}  // namespace lethe::core
