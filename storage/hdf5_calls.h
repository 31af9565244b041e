#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include <hdf5.h>

// Lowest layer over HDF5's C interface: owners of identifiers and one check per call. Private to storage/.

namespace lethe::storage::hdf5 {

/// Says on the log that an identifier could not be closed; for destructors, which never throw.
void log_close_failure() noexcept;

/// The one owner of an HDF5 identifier. Closing errors are logged; `close` of a file that must report them is
/// `OutputFile::close`.
template <herr_t (*Close)(hid_t)>
class Handle {
 public:
  Handle() noexcept = default;
  explicit Handle(hid_t id) noexcept : id_(id) {}
  ~Handle() { reset(); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  Handle(Handle&& other) noexcept : id_(other.release()) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      reset();
      id_ = other.release();
    }
    return *this;
  }

  [[nodiscard]] hid_t get() const noexcept { return id_; }
  [[nodiscard]] hid_t release() noexcept { return std::exchange(id_, H5I_INVALID_HID); }
  void reset() noexcept {
    if (id_ >= 0 && Close(release()) < 0) log_close_failure();
  }

 private:
  hid_t id_ = H5I_INVALID_HID;
};

using File = Handle<H5Fclose>;
using Group = Handle<H5Gclose>;
using Dataset = Handle<H5Dclose>;
using Attribute = Handle<H5Aclose>;
using Dataspace = Handle<H5Sclose>;
using Datatype = Handle<H5Tclose>;
using PropertyList = Handle<H5Pclose>;

/// An object in a file, for messages.
struct Place {
  std::string file;
  std::string object;  ///< "/metrics/kind"
};

/// Throws `core::StorageError`: "<file>: <object>: <what>".
[[noreturn]] void fail(const Place& place, const std::string& what);
/// The same with the innermost entries of HDF5's error stack, which is emptied.
[[noreturn]] void fail_call(const Place& place, const std::string& action);

/// Passes a non-negative result of a C call through; anything else is `fail_call`.
template <typename T>
T check(T result, const Place& place, const char* action) {
  if (result < 0) fail_call(place, action);
  return result;
}

/// For the time of one public operation of storage/: keeps HDF5 from printing, and lets one thread at a time in,
/// because a library built without thread safety would not survive two.
class LibraryLock {
 public:
  LibraryLock();
  ~LibraryLock();
  LibraryLock(const LibraryLock&) = delete;
  LibraryLock& operator=(const LibraryLock&) = delete;
};

/// File types: little-endian, fixed, whatever the machine.
template <typename T>
hid_t type_of();

/// A fixed-length, NUL-padded UTF-8 string type; `num_bytes` 0 is stored as 1.
Datatype string_type(std::size_t num_bytes, const Place& place);

}  // namespace lethe::storage::hdf5
