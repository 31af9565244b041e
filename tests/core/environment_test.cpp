#include "core/environment.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace lethe::core {
namespace {

constexpr const char* kName = "ENVIRONMENT_TEST_NUMBER";

class Environment : public testing::Test {
 protected:
  ~Environment() override { ::unsetenv(kName); }
};

TEST_F(Environment, GivesANumberOrNothing) {
  EXPECT_EQ(positive_from_environment(kName, "seconds"), std::nullopt);
  ::setenv(kName, "0.25", 1);
  EXPECT_EQ(positive_from_environment(kName, "seconds"), 0.25);
}

TEST_F(Environment, RefusesAllElseByNameValueAndUnit) {
  for (const char* text : {"", "0", "-1", "five", "5 minutes", "nan", "inf"}) {
    ::setenv(kName, text, 1);
    EXPECT_THAT([] { positive_from_environment(kName, "seconds"); },
                testing::ThrowsMessage<ConfigError>(std::string("ENVIRONMENT_TEST_NUMBER=") + text +
                                                    ": expected a positive number of seconds"));
  }
}

}  // namespace
}  // namespace lethe::core
