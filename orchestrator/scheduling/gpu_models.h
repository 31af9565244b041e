#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace lethe::orchestrator::inline scheduling {

/// A kind of GPU by its maker's data sheet. fp32 is that of CUDA cores: lethe computes without TF32 and without tensor
/// cores (design C7). docs/capacity.md has the table, with its sources.
struct GpuModel {
  std::string_view name;  ///< "a100-80"
  std::string_view chip;  ///< the words that tell it in the name that its driver reports: "a100"
  std::int64_t memory_bytes = 0;
  double flops_per_second = 0.0;
  double bytes_per_second = 0.0;
};

/// All that are known, by name.
std::span<const GpuModel> gpu_models();
/// Throws `core::ConfigError` with all names, and the nearest one, for one that is not known.
const GpuModel& gpu_model(const std::string& name);
/// The kind that a driver means by "NVIDIA A100-SXM4-80GB" with that memory. Each word counts but makers, forms and
/// sizes: null for what is not known, a variant of what is ("NVIDIA GeForce RTX 4090 D"), and what has other memory (a
/// slice, a special card).
const GpuModel* recognised_gpu(std::string_view reported_name, std::int64_t reported_bytes);

}  // namespace lethe::orchestrator::inline scheduling
