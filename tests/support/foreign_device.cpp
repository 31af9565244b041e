#include "tests/support/foreign_device.h"

#include <utility>

#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/version.h>
#if TORCH_VERSION_MAJOR >= 2
#include <ATen/detail/PrivateUse1HooksInterface.h>
#endif

#include "tests/support/foreign_memory.h"
#include "tests/support/foreign_operators.h"

namespace lethe::test {
namespace {

/// One device with one stream.
class ForeignGuard final : public c10::impl::DeviceGuardImplInterface {
 public:
  c10::DeviceType type() const override { return kForeignType; }
  c10::Device exchangeDevice(c10::Device) const override { return getDevice(); }
  c10::Device getDevice() const override { return {kForeignType, 0}; }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::Stream getStream(c10::Device) const noexcept override { return stream(); }
  c10::Stream getDefaultStream(c10::Device) const override { return stream(); }
  c10::Stream exchangeStream(c10::Stream) const noexcept override { return stream(); }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  void record(void**, const c10::Stream&, const c10::DeviceIndex, const c10::EventFlag) const override {}
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void destroyEvent(void*, const c10::DeviceIndex) const noexcept override {}
  bool queryStream(const c10::Stream&) const override { return true; }
  void synchronizeStream(const c10::Stream&) const override {}

 private:
  [[nodiscard]] c10::Stream stream() const { return c10::Stream(c10::Stream::DEFAULT, getDevice()); }
};

#if TORCH_VERSION_MAJOR >= 2
/// Without hooks this LibTorch takes the device for none that autograd could run on.
struct ForeignHooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
};

void register_hooks() {
  c10::register_privateuse1_backend("privateuseone");
  static ForeignHooks hooks;
  at::RegisterPrivateUse1HooksInterface(&hooks);
}
#else
void register_hooks() {}
#endif

bool register_device() {
  static const ForeignGuard guard;
  static const c10::impl::DeviceGuardImplRegistrar registrar(kForeignType, &guard);
  c10::SetAllocator(kForeignType, &foreign_allocator());
  register_hooks();
  register_foreign_operators();
  return true;
}

}  // namespace

void break_foreign_device(std::string text) { set_foreign_fault(std::move(text)); }

ForeignCounts foreign_counts() {
  const auto& running = running_counts();
  return {running.operators, running.waits, running.downloads, running.uploads};
}

ForeignCounts operator-(const ForeignCounts& after, const ForeignCounts& before) {
  return {after.operators - before.operators, after.waits - before.waits, after.downloads - before.downloads,
          after.uploads - before.uploads};
}

torch::Device foreign_device() {
  static const bool is_registered = register_device();
  static_cast<void>(is_registered);
  return {kForeignType, 0};
}

}  // namespace lethe::test
