#include "report/sweep_labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace lethe::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(SweepLabels, AreTheFoldersNames) {
  EXPECT_THAT(sweep_labels({"/runs/code", "/runs/paper/"}, {}), ElementsAre("code", "paper"));
  EXPECT_THAT(sweep_labels({"/runs/x/../code/.", "/runs/paper"}, {}), ElementsAre("code", "paper"));
}

TEST(SweepLabels, TakeFoldersAboveUntilTheyAreDistinct) {
  EXPECT_THAT(sweep_labels({"/a/one/mine", "/a/two/mine", "/b/other"}, {}),
              ElementsAre("one/mine", "two/mine", "b/other"));
}

TEST(SweepLabels, OfOneFolderTwiceAreNumbered) {
  EXPECT_THAT(sweep_labels({"/a/mine", "/a/mine", "/a/mine/"}, {}), ElementsAre("mine", "mine (2)", "mine (3)"));
}

TEST(SweepLabels, OfFoldersThatAreCalledAnythingCanBePrinted) {
  EXPECT_THAT(sweep_labels({"/a/x\ny", "/a/" + std::string(80, 'w')}, {}),
              ElementsAre("x?y", "..." + std::string(37, 'w')));
}

TEST(SweepLabels, ThatAreAskedForAreTaken) {
  EXPECT_THAT(sweep_labels({"/a", "/a"}, {"before, old", "after"}), ElementsAre("before, old", "after"));
}

TEST(SweepLabels, ThatDoNotFitAreRefused) {
  const auto asked = [](const std::vector<std::string>& labels) {
    return [labels] { (void)sweep_labels({"/a", "/b"}, labels); };
  };
  EXPECT_THAT(asked({"one"}), ThrowsMessage<core::ConfigError>(HasSubstr("1 names for 2 sweeps")));
  EXPECT_THAT(asked({"one", "one"}), ThrowsMessage<core::ConfigError>(HasSubstr("given to two sweeps")));
  EXPECT_THAT(asked({"one", ""}), ThrowsMessage<core::ConfigError>(HasSubstr("--label \"\": expected 1 to 40")));
  EXPECT_THAT(asked({"one", "a\tb"}), ThrowsMessage<core::ConfigError>(HasSubstr("without control characters")));
  EXPECT_THAT(asked({"one", std::string(41, 'x')}), ThrowsMessage<core::ConfigError>(HasSubstr("expected 1 to 40")));
}

}  // namespace
}  // namespace lethe::report
