#pragma once

#include <torch/types.h>

namespace lethe::test {

/// The device on which tests put networks, moments, editors and inputs: LETHE_TEST_DEVICE, "cpu" if it is not set.
/// "cuda" runs them on a GPU, "privateuseone" on the stand-in for one (foreign_device.h). With its index, so that it
/// equals the `device()` of a tensor that is there.
torch::Device test_device();
/// A copy of the tensor there; the tensor itself where it is there already.
inline torch::Tensor on_test_device(const torch::Tensor& tensor) { return tensor.to(test_device()); }

}  // namespace lethe::test
