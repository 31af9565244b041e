#pragma once

#include <filesystem>
#include <string>

#include "data/numpy_array.h"
#include "data/zip_archive.h"

namespace lethe::data {

/// An uncompressed npz file (`numpy.savez`), zip64 included; its members are arrays of .npy (data/numpy_array.h).
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
