#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Allocator.h>

// The memory of the stand-in device (foreign_device.h): ordinary host memory, of which the device's tensors know
// shifted addresses only.

namespace lethe::test {

inline constexpr auto kForeignType = c10::DeviceType::PrivateUse1;

/// Hands out shifted addresses of the CPU allocator's memory.
c10::Allocator& foreign_allocator();

/// The same elements, layout and memory as a tensor of the CPU. Two tensors of one storage give two of one storage.
at::Tensor on_host(const at::Tensor& foreign);
/// The inverse: shares the memory of a tensor of the CPU.
at::Tensor on_foreign_device(const at::Tensor& host);
/// After an operation on `host == on_host(foreign)`: gives `foreign` the shape and the memory that it left.
void follow_host(const at::Tensor& foreign, const at::Tensor& host);

}  // namespace lethe::test
