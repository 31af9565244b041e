#include <cstdlib>

#include <ATen/Context.h>
#include <gtest/gtest.h>

#include "worker/workspace.h"

namespace lethe::worker {
namespace {

/// The process's settings, given back at the end.
class Numerics : public testing::Test {
 protected:
  Numerics() { ::unsetenv(kWorkspace); }
  ~Numerics() override {
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
