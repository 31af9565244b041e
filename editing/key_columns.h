#pragma once

#include <ATen/ATen.h>

namespace lethe::editing {

/// Keys [F,N], a single one with strides of its own. The strides of a matrix decide which kernel multiplies it, and on
/// some processors the kernels' bits differ (OpenBLAS 0.3.21 with AVX-512); torch calls a single column contiguous
/// whatever its second stride, so a key that a step has just computed had another one than the same key read from a
/// file.
inline at::Tensor key_columns(const at::Tensor& keys_FN) {
  return keys_FN.size(1) == 1 ? keys_FN.reshape({keys_FN.size(0)}).unsqueeze(1) : keys_FN;
}

}  // namespace lethe::editing
