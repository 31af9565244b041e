#include "core/line_pace.h"

#include <vector>

#include <gtest/gtest.h>

namespace lethe::core {
namespace {

TEST(LinePace, TenLinesComeEveryFiveSecondsAndTheOthersEveryFiveMinutes) {
  LinePace pace;
  std::vector<double> told;
  for (double now = 100.0; now < 1000.0; now += 1.0) {
    if (!pace.is_due(now)) continue;
    pace.begin_pause(now);
    pace.count_line();
    told.push_back(now);
  }
  EXPECT_EQ(told, (std::vector<double>{100, 105, 110, 115, 120, 125, 130, 135, 140, 145, 445, 745}));
}

TEST(LinePace, ALineThatIsNotCountedDelaysTheNextOneAlone) {
  LinePace pace;
  for (int i = 0; i < 9; ++i) pace.count_line();
  pace.begin_pause(100.0);
  EXPECT_FALSE(pace.is_due(104.0));
  EXPECT_TRUE(pace.is_due(105.0)) << "the tenth is still one of the first";
}

TEST(LinePace, LinesOfASteadyPaceNeverThinOut) {
  auto pace = LinePace::every(2.0);
  int num_told = 0;
  for (double now = 100.0; now < 160.0; now += 1.0) {
    if (!pace.is_due(now)) continue;
    pace.begin_pause(now);
    pace.count_line();
    ++num_told;
  }
  EXPECT_EQ(num_told, 30);
}

}  // namespace
}  // namespace lethe::core
