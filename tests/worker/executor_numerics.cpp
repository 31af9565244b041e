#include <gtest/gtest.h>

#include "tests/support/test_device.h"
#include "worker/workspace.h"

namespace lethe::worker {
namespace {

/// This program computes as an executor does on the device that is tested: on a GPU with sums in a fixed order.
class ExecutorNumerics final : public testing::Environment {
 public:
  void SetUp() override {
    core::ExperimentConfig config;
    config.device = c10::DeviceTypeName(test::test_device().type(), true);
    configure_numerics(config);
  }
};

const auto* const kNumerics = testing::AddGlobalTestEnvironment(new ExecutorNumerics);

}  // namespace
}  // namespace lethe::worker
