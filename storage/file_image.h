#pragma once

#include <cstddef>
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
  /// The first `num_bytes` of the closed file.
  [[nodiscard]] std::string_view bytes(std::size_t num_bytes) const {
    return {static_cast<const char*>(bytes_), num_bytes};
  }
  [[nodiscard]] bool is_closed() const { return bytes_ != nullptr; }

 private:
  static herr_t keep_or_free(void* bytes, H5FD_file_image_op_t operation, void* image);

  void* bytes_ = nullptr;  ///< handed over by HDF5 when it closes the file
};

}  // namespace lethe::storage::hdf5
