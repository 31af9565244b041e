#pragma once

#include <string>

namespace lethe::worker {

/// Name of `arithmetic()` among the entries of /provenance.
inline constexpr const char* kArithmetic = "arithmetic";

/// What decides how the CPU sums a matrix product, beside the number of threads: LibTorch, the BLAS with its kernel as
/// far as it tells, the processor. Two processes that give the same text compute the same bits.
const std::string& arithmetic();

}  // namespace lethe::worker
