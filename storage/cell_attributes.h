#pragma once

#include "core/grid_cell.h"
#include "storage/hdf5_reader.h"

// The root attributes `method`, `model`, `sample` that say whose file it is. Private to storage/.

namespace lethe::storage::hdf5 {

inline core::GridCell read_cell(const ReadGroup& root) {
  const std::int64_t sample = root.attribute_integer("sample");
  if (sample < -1 || sample > INT32_MAX) root.fail_at("@sample", "is out of range");
  return {root.attribute_text("method"), root.attribute_text("model"), static_cast<int>(sample)};
}

}  // namespace lethe::storage::hdf5
