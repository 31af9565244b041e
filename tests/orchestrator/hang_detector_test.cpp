#include "orchestrator/scheduling/hang_detector.h"

#include <gtest/gtest.h>

namespace lethe::orchestrator {
namespace {

TEST(HangDetector, FastStepsAreBoundByTheFloor) {
  HangDetector hangs(120.0);
  hangs.begin("edit rome/small", 0.1, 0.0);
  for (int i = 1; i <= 50; ++i) hangs.progress("edit", 0.1, i * 0.1);
  EXPECT_DOUBLE_EQ(hangs.limit_seconds(), 120.0);
  EXPECT_FALSE(hangs.is_hung(5.0 + 119.9));
  EXPECT_TRUE(hangs.is_hung(5.0 + 120.1));
}

TEST(HangDetector, SlowStepsAreBoundByEightTimesTheirPercentile) {
  HangDetector hangs(120.0);
  hangs.begin("edit rome/large", 0.0, 0.0);
  for (int i = 0; i < 100; ++i) hangs.progress("edit", i < 94 ? 40.0 : 100.0, 0.0);
  EXPECT_DOUBLE_EQ(hangs.limit_seconds(), 800.0);
}

TEST(HangDetector, TheExpectedStepCountsBeforeAnythingWasMeasured) {
  HangDetector hangs(120.0);
  hangs.begin("edit rome/huge", 400.0, 0.0);
  hangs.progress("edit", 1.0, 10.0);
  EXPECT_DOUBLE_EQ(hangs.limit_seconds(), 3200.0);
}

TEST(HangDetector, LoadingAndRareReportsGetMoreTime) {
  HangDetector hangs(120.0);
  hangs.begin("reduce small", 0.0, 0.0);
  EXPECT_DOUBLE_EQ(hangs.limit_seconds(), 1200.0);
  hangs.progress("reduce", 1.0, 5.0);
  EXPECT_DOUBLE_EQ(hangs.limit_seconds(), 600.0);
}

TEST(HangDetector, StepsOfOneKindDoNotExcuseAnother) {
  HangDetector hangs(10.0);
  hangs.begin("edit rome/large", 0.0, 0.0);
  hangs.progress("edit", 100.0, 0.0);
  EXPECT_DOUBLE_EQ(hangs.limit_seconds(), 800.0);
  hangs.begin("edit ft-c/small", 0.0, 0.0);
  hangs.progress("edit", 0.1, 0.0);
  EXPECT_DOUBLE_EQ(hangs.limit_seconds(), 10.0);
}

}  // namespace
}  // namespace lethe::orchestrator
