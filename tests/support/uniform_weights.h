#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <torch/types.h>

#include "model/weights.h"

namespace lethe::test {

/// Uniform in [-1, 1): splitmix64 of the index and the FNV-1a hash of the name, so that any other program can make the
/// same numbers without a file.
double uniform_of(const std::string& name, std::uint64_t index);

/// [rows,columns] fp64 by `uniform_of`, on `test_device()`.
torch::Tensor uniform_matrix(const std::string& name, std::int64_t rows, std::int64_t columns);

/// Weights by `uniform_of`, rounded to fp32, in [O,I] order: vectors within 0.1 of 0 (norms' weights of 1), matrices of
/// the blocks within 0.4, embeddings and head within 1. Predictions differ and gradients do not vanish. On
/// `test_device()`.
std::shared_ptr<const model::Weights> uniform_weights(const model::Architecture& architecture, torch::Dtype dtype);

/// Weights by `uniform_of` with the spread of an initialised GPT-2, rounded to fp32, in [O,I] order: 0.02, of the
/// projections into the residual stream 0.02 / sqrt(2 layers); norms' weights 1, biases 0.
std::shared_ptr<const model::Weights> initialised_weights(const model::Architecture& architecture, torch::Dtype dtype);

}  // namespace lethe::test
