#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace lethe::data {

/// One array of an npy or npz file: a view of the mapped file, in C order.
struct NumpyArray {
  std::string dtype;                ///< NumPy's descr: "<f4", "<f8", "<i8", "<U50", ...
  std::vector<std::int64_t> shape;  ///< empty for a scalar
  std::span<const std::byte> values;

  [[nodiscard]] std::int64_t numel() const;
};

/// The array that the bytes of an .npy file hold, versions 1 to 3; a view of `content`. Everything is bounds checked,
/// and nothing is unpickled: an array of objects is a type like any other that callers do not take. `place` opens the
/// message of the `core::DataError` for what is damaged, cut short, in Fortran order, or of a size other than its
/// shape's.
NumpyArray numpy_array(std::span<const std::byte> content, const std::string& place);

}  // namespace lethe::data
