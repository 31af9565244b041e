#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/hdf5_calls.h"

// A file is composed in memory and written by ourselves. Reason: after a failed write (disk full) HDF5 1.10 keeps
// the dead file open inside the library and crashes when the process exits (seen with RLIMIT_FSIZE); besides, one
// sequential write suits network file systems better than many small ones. Cost: memory of the file's size.
// Private to storage/.

namespace lethe::storage::hdf5 {

/// The bytes of a file that HDF5 composes. Must outlive the file and stay where it is.
class FileImage {
 public:
  FileImage() = default;
  ~FileImage();
  FileImage(const FileImage&) = delete;
  FileImage& operator=(const FileImage&) = delete;

  /// Makes files created with this access list live here.
  void attach_to(const PropertyList& access, const Place& place);
  /// What HDF5 wrote, padded with zeros; it may be shorter than the file (`end_of_file`) where nothing was written.
  [[nodiscard]] std::string_view bytes() const { return {static_cast<const char*>(bytes_), num_bytes_}; }
  /// The closed file's length, from its superblock. Throws `core::StorageError` if there is none.
  [[nodiscard]] std::uint64_t end_of_file(const Place& place) const;
  [[nodiscard]] bool is_closed() const { return bytes_ != nullptr; }

 private:
  static void* resize(void* bytes, std::size_t num_bytes, H5FD_file_image_op_t operation, void* image);
  static herr_t keep_or_free(void* bytes, H5FD_file_image_op_t operation, void* image);

  void* bytes_ = nullptr;  ///< handed over by HDF5 when it closes the file
  std::size_t num_bytes_ = 0;
};

}  // namespace lethe::storage::hdf5
