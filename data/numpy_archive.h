#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "data/zip_archive.h"

namespace lethe::data {

/// One array of an npz file: a view of the mapped file, in C order.
struct NumpyArray {
  std::string dtype;                ///< NumPy's descr: "<f4", "<f8", "<i8", "<U50", ...
  std::vector<std::int64_t> shape;  ///< empty for a scalar
  std::span<const std::byte> values;

  [[nodiscard]] std::int64_t numel() const;
};

/// An uncompressed npz file (`numpy.savez`), zip64 included; arrays of .npy versions 1 to 3. Everything is bounds
/// checked, and nothing is unpickled: an array of objects is a type like any other that callers do not take.
class NumpyArchive {
 public:
  /// Throws `core::DataError`.
  explicit NumpyArchive(const std::filesystem::path& path) : archive_(path) {}

  [[nodiscard]] const std::filesystem::path& path() const { return archive_.path(); }
  [[nodiscard]] bool contains(const std::string& name) const { return archive_.contains(name + ".npy"); }
  /// The array under `name`, its checksum compared; valid while the archive lives. Throws `core::DataError` if it is
  /// not there, damaged, cut short, in Fortran order, or its size and shape do not agree.
  [[nodiscard]] NumpyArray array(const std::string& name) const;
  /// The same but for the checksum, so that only the array's header is read.
  [[nodiscard]] NumpyArray unchecked_array(const std::string& name) const;

 private:
  ZipArchive archive_;
};

}  // namespace lethe::data
