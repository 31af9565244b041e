#pragma once

namespace lethe::core::inline contract {

/// What a task asks of a machine, before any speed is assumed.
struct Work {
  double flops = 0.0;
  double bytes = 0.0;         ///< memory traffic
  double layer_passes = 0.0;  ///< layers passed through, each with the overhead of a launch
  double disk_bytes = 0.0;    ///< read or written

  Work& operator+=(const Work& other) {
    flops += other.flops;
    bytes += other.bytes;
    layer_passes += other.layer_passes;
    disk_bytes += other.disk_bytes;
    return *this;
  }
  friend Work operator+(Work a, const Work& b) { return a += b; }
  friend Work operator*(double factor, const Work& work) {
    return {factor * work.flops, factor * work.bytes, factor * work.layer_passes, factor * work.disk_bytes};
  }
  bool operator==(const Work&) const = default;
};

}  // namespace lethe::core::inline contract
