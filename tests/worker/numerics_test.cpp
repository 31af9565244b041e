#include <cstdlib>

#include <ATen/Context.h>
#include <gtest/gtest.h>

#include "tests/support/test_device.h"
#include "worker/workspace.h"

namespace lethe::worker {
namespace {

/// Begins with LibTorch's own settings, and gives the program's back at the end.
class Numerics : public testing::Test {
 protected:
  Numerics() { reset(); }
  ~Numerics() override {
    reset();
    configure(c10::DeviceTypeName(test::test_device().type(), true));
  }
  static void reset() {
    at::globalContext().setDeterministicAlgorithms(false, false);
    ::unsetenv(kWorkspace);
  }
  static void configure(const std::string& device) {
    core::ExperimentConfig config;
    config.device = device;
    configure_numerics(config);
  }
  static constexpr const char* kWorkspace = "CUBLAS_WORKSPACE_CONFIG";
};

TEST_F(Numerics, OfAGpuKeepFp32AndTheOrderOfSums) {
  ::setenv(kWorkspace, ":0:0", 1);
  configure("cuda");
  EXPECT_FALSE(at::globalContext().allowTF32CuBLAS());
  EXPECT_FALSE(at::globalContext().allowTF32CuDNN());
  EXPECT_TRUE(at::globalContext().deterministicAlgorithms());
  EXPECT_TRUE(at::globalContext().deterministicAlgorithmsWarnOnly()) << "an operation without such a kernel still runs";
  EXPECT_STREQ(std::getenv(kWorkspace), ":4096:8") << "the environment does not decide bits";
}

TEST_F(Numerics, OfTheCpuAreLeftAsTheyAre) {
  configure("cpu");
  EXPECT_FALSE(at::globalContext().deterministicAlgorithms());
  EXPECT_EQ(std::getenv(kWorkspace), nullptr);
}

}  // namespace
}  // namespace lethe::worker
