#include "data/mapped_file.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/input_file.h"

namespace lethe::data {
MappedFile::MappedFile(const std::filesystem::path& path) {
  const auto file = core::open_input_file(path);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    throw core::DataError(path.string() + ": cannot be opened: " + std::strerror(errno));
  }
  if (status.st_size == 0) throw core::DataError(path.string() + ": the file is empty; copy it again");
  size_bytes_ = static_cast<std::size_t>(status.st_size);
  void* address = ::mmap(nullptr, size_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) {
    throw core::DataError(path.string() + ": cannot be mapped into memory: " + std::strerror(errno));
  }
  data_ = static_cast<std::byte*>(address);
}

MappedFile::~MappedFile() { ::munmap(data_, size_bytes_); }

// Advice that is not taken costs memory alone.
void MappedFile::forget_pages() const { static_cast<void>(::madvise(data_, size_bytes_, MADV_DONTNEED)); }

}  // namespace lethe::data
