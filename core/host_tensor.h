#pragma once

#include <cstdint>
#include <vector>

namespace lethe::core {

/// Dense row-major fp32 values in host memory: what crosses between Torch folders and storage.
struct HostTensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;

  bool operator==(const HostTensor&) const = default;
};

/// The same in fp64: statistics and states that are carried on.
struct HostDoubles {
  std::vector<std::int64_t> shape;
  std::vector<double> values;

  bool operator==(const HostDoubles&) const = default;
};

}  // namespace lethe::core
