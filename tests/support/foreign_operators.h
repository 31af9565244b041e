#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace lethe::test {

/// `foreign_counts` (foreign_device.h), as it grows.
struct RunningCounts {
  std::atomic<std::int64_t> operators = 0, waits = 0, downloads = 0, uploads = 0;
};
RunningCounts& running_counts();

/// Gives the stand-in device (foreign_device.h) its operations. Call once.
void register_foreign_operators();
/// What every operation throws; empty: nothing.
void set_foreign_fault(std::string text);

}  // namespace lethe::test
