#pragma once

#include <cstdint>

#include <torch/types.h>

#include "core/random_stream.h"

namespace lethe::editing {

/// Draws from N(0, 1), fp32 on the host, by Box and Muller from counted numbers: the same on every machine.
torch::Tensor normal_matrix(std::int64_t rows, std::int64_t columns, core::RandomStream random);

}  // namespace lethe::editing
