#include "tests/support/test_device.h"

#include <cstdlib>

#include "tests/support/foreign_device.h"

namespace lethe::test {

torch::Device test_device() {
  const char* name = std::getenv("LETHE_TEST_DEVICE");
  const torch::Device device(name != nullptr ? name : "cpu");
  if (device.is_cpu()) return device;
  if (device.type() == torch::DeviceType::PrivateUse1) return foreign_device();
  return {device.type(), device.has_index() ? device.index() : torch::DeviceIndex{0}};
}

}  // namespace lethe::test
