#include "core/grid_cell.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace lethe::core {
namespace {

TEST(GridCell, NameIsInverse) {
  for (const auto& cell : {GridCell{"rome", "small-gpt2", 0}, GridCell{"ft-c", "gpt-j-6b", 12},
                           GridCell{"r-rome", "v1.0_x", 2147483647}}) {
    EXPECT_EQ(GridCell::from_name(cell.name()), cell);
  }
  EXPECT_EQ((GridCell{"rome", "small-gpt2", 3}).name(), "rome/small-gpt2/sample3");
}

TEST(GridCell, FromNameRefusesHostileNames) {
  for (const auto* bad : {"",
                          "/",
                          "//",
                          "rome",
                          "rome/m",
                          "rome/m/",
                          "rome/m/sample",
                          "rome/m/sample-1",
                          "rome/m/sample+1",
                          "rome/m/sample01",
                          "rome/m/sample 1",
                          "rome/m/sample1 ",
                          "rome/m/sample1/x",
                          "rome/m/sample2147483648",
                          "rome/m/sample0x1",
                          "rome/m/Sample0",
                          "rome//sample0",
                          "/m/sample0",
                          "../m/sample0",
                          "rome/../sample0",
                          "rome/-m/sample0",
                          "ro me/m/sample0",
                          "r\xc3\xb6me/m/sample0",
                          "rome\n/m/sample0"}) {
    EXPECT_THROW(GridCell::from_name(bad), ConfigError) << bad;
  }
}

TEST(PathSafeName, RefusesWhatAPathMustNotHold) {
  EXPECT_TRUE(is_path_safe_name("gpt2-xl_v1.5"));
  EXPECT_TRUE(is_path_safe_name(std::string(100, 'a')));
  for (const auto& bad : {std::string(), std::string("."), std::string(".."), std::string("a/b"), std::string("-a"),
                          std::string("a b"), std::string("a\0b", 3), std::string(101, 'a')}) {
    EXPECT_FALSE(is_path_safe_name(bad)) << bad;
  }
}

}  // namespace
}  // namespace lethe::core
