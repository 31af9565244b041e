#include "storage/file_image.h"

#include <cstdlib>
#include <cstring>

namespace lethe::storage::hdf5 {
namespace {

constexpr std::size_t kGrowthBytes = std::size_t{256} * 1024;

void* allocate(std::size_t num_bytes, H5FD_file_image_op_t /*operation*/, void* /*image*/) {
  return std::malloc(num_bytes);  // NOLINT: HDF5 resizes it, which only the C functions can do
}
void* copy(void* to, const void* from, std::size_t num_bytes, H5FD_file_image_op_t /*operation*/, void* /*image*/) {
  return std::memcpy(to, from, num_bytes);
}
// HDF5 copies the access list that carries the pointer; all copies mean the one image, which we own.
void* share(void* image) { return image; }
herr_t forget(void* /*image*/) { return 0; }

}  // namespace

FileImage::~FileImage() { std::free(bytes_); }  // NOLINT: from `resize`

void* FileImage::resize(void* bytes, std::size_t num_bytes, H5FD_file_image_op_t /*operation*/, void* image) {
  void* resized = std::realloc(bytes, num_bytes);  // NOLINT: as above
  if (resized != nullptr) static_cast<FileImage*>(image)->num_bytes_ = num_bytes;
  return resized;
}

std::uint64_t FileImage::end_of_file(const Place& place) const {
  // Superblock of version 2 and later: signature, version, sizes of offsets and lengths, flags, then four offsets:
  // base, extension, end of file, root group.
  constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
  constexpr std::size_t kVersionAt = 8;
  constexpr std::size_t kOffsetSizeAt = 9;
  constexpr std::size_t kEndAt = 28;
  const std::string_view image = bytes();
  if (image.size() < kEndAt + sizeof(std::uint64_t) || !image.starts_with(kSignature) || image[kVersionAt] < 2 ||
      image[kOffsetSizeAt] != sizeof(std::uint64_t)) {
    fail(place, "HDF5 composed a file without the expected superblock");
  }
  std::uint64_t end = 0;
  for (std::size_t i = sizeof end; i-- > 0;) end = end << 8 | static_cast<unsigned char>(image[kEndAt + i]);
  return end;
}

herr_t FileImage::keep_or_free(void* bytes, H5FD_file_image_op_t operation, void* image) {
  if (operation == H5FD_FILE_IMAGE_OP_FILE_CLOSE) {
    auto& kept = *static_cast<FileImage*>(image);
    std::free(kept.bytes_);  // NOLINT: of a file of that name, which HDF5 reads and closes before it begins the new one
    kept.bytes_ = bytes;
  } else {
    std::free(bytes);  // NOLINT: from `allocate`
  }
  return 0;
}

void FileImage::attach_to(const PropertyList& access, const Place& place) {
  H5FD_file_image_callbacks_t callbacks{allocate, copy, FileImage::resize, keep_or_free, share, forget, this};
  check(H5Pset_fapl_core(access.get(), kGrowthBytes, false), place, "keep the file in memory");
  check(H5Pset_file_image_callbacks(access.get(), &callbacks), place, "keep the file in memory");
}

}  // namespace lethe::storage::hdf5
