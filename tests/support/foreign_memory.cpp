#include "tests/support/foreign_memory.h"

#include <cstdint>
#include <cstring>
#include <memory>

#include <ATen/ATen.h>
#include <c10/core/CPUAllocator.h>
#include <torch/version.h>

namespace lethe::test {
namespace {

// No process has memory at such an address: x86-64 and AArch64 map 47 or 48 bits unless asked for more.
constexpr std::uintptr_t kShift = std::uintptr_t{1} << 52;

void* shifted(void* host) {
  return host == nullptr ? nullptr : reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(host) + kShift);
}

void delete_storage(void* storage) { delete static_cast<c10::Storage*>(storage); }

void* address_of(const c10::Storage& storage) { return storage.data_ptr().get(); }

/// A device's pointer owns the host's storage.
c10::DataPtr foreign_pointer(const c10::Storage& host) {
  auto owned = std::make_unique<c10::Storage>(host);
  return {shifted(address_of(host)), owned.release(), &delete_storage, c10::Device(kForeignType, 0)};
}

const c10::Storage& host_storage(const c10::Storage& foreign) {
  return *static_cast<const c10::Storage*>(foreign.data_ptr().get_context());
}

class ForeignAllocator final : public c10::Allocator {
 public:
#if TORCH_VERSION_MAJOR >= 2
  c10::DataPtr allocate(std::size_t num_bytes) override { return make(num_bytes); }
  void copy_data(void*, const void*, std::size_t) const override { TORCH_CHECK(false, "no copy without its tensors"); }
#else
  c10::DataPtr allocate(std::size_t num_bytes) const override { return make(num_bytes); }
#endif
  // That an address is its own context would let LibTorch treat it as plain memory.
  c10::DeleterFnPtr raw_deleter() const override { return nullptr; }

 private:
  static c10::DataPtr make(std::size_t num_bytes) {
    return foreign_pointer(c10::Storage(c10::Storage::use_byte_size_t(), num_bytes, c10::GetCPUAllocator(), true));
  }
};

at::Tensor tensor_of(c10::Storage storage, c10::DispatchKey key, const at::Tensor& like) {
  auto tensor = at::detail::make_tensor<c10::TensorImpl>(std::move(storage), c10::DispatchKeySet(key), like.dtype());
  tensor.unsafeGetTensorImpl()->set_storage_offset(like.storage_offset());
  tensor.unsafeGetTensorImpl()->set_sizes_and_strides(like.sizes(), like.strides());
  return tensor;
}

}  // namespace

c10::Allocator& foreign_allocator() {
  static ForeignAllocator allocator;
  return allocator;
}

at::Tensor on_host(const at::Tensor& foreign) {
  return tensor_of(host_storage(foreign.storage()), c10::DispatchKey::CPU, foreign);
}

at::Tensor on_foreign_device(const at::Tensor& host) {
  const auto& storage = host.storage();
  c10::Storage foreign(c10::Storage::use_byte_size_t(), storage.nbytes(), foreign_pointer(storage),
                       &foreign_allocator(), true);
  return tensor_of(std::move(foreign), c10::DispatchKey::PrivateUse1, host);
}

void follow_host(const at::Tensor& foreign, const at::Tensor& host) {
  auto* storage = foreign.storage().unsafeGetStorageImpl();
  if (shifted(address_of(host.storage())) != address_of(foreign.storage())) {
    storage->set_data_ptr_noswap(foreign_pointer(host.storage()));
  }
  storage->set_nbytes(host.storage().nbytes());
  auto* tensor = foreign.unsafeGetTensorImpl();
  if (foreign.sizes() == host.sizes() && foreign.strides() == host.strides()) return;
  tensor->set_storage_offset(host.storage_offset());
  tensor->set_sizes_and_strides(host.sizes(), host.strides());
}

}  // namespace lethe::test
