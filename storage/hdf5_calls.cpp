#include "storage/hdf5_calls.h"

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <vector>

#include <spdlog/spdlog.h>

#include "core/error.h"
#include "core/utf8.h"

namespace lethe::storage::hdf5 {
namespace {

// HDF5's own state is global to the process, so the lock that guards it is too.
std::recursive_mutex& library_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

herr_t collect_entry(unsigned /*depth*/, const H5E_error2_t* entry, void* texts) {
  if (entry->desc != nullptr) static_cast<std::vector<std::string>*>(texts)->emplace_back(entry->desc);
  return 0;
}

/// The two innermost descriptions: the innermost is often just "read failed", the next says of what.
std::string take_error_stack() {
  std::vector<std::string> texts;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, collect_entry, &texts);
  H5Eclear2(H5E_DEFAULT);
  std::string joined;
  for (std::size_t i = 0; i < std::min<std::size_t>(texts.size(), 2); ++i) {
    joined += (i == 0 ? " (" : "; ") + texts[i];
  }
  return joined.empty() ? joined : joined + ")";
}

}  // namespace

void log_close_failure() noexcept {
  try {
    spdlog::warn("HDF5 could not close an object{}", take_error_stack());
  } catch (...) {  // NOLINT(bugprone-empty-catch): a destructor has nobody to tell
  }
}

void fail(const Place& place, const std::string& what) {
  // Names and texts of a file that somebody made may be of any bytes.
  throw core::StorageError(core::replace_invalid_utf8(place.file + ": " + place.object + ": " + what));
}

void fail_call(const Place& place, const std::string& action) { fail(place, "cannot " + action + take_error_stack()); }

LibraryLock::LibraryLock() {
  library_mutex().lock();
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // a thread's own setting, hence at each entry
}

LibraryLock::~LibraryLock() { library_mutex().unlock(); }

template <>
hid_t type_of<float>() {
  return H5T_IEEE_F32LE;
}
template <>
hid_t type_of<double>() {
  return H5T_IEEE_F64LE;
}
template <>
hid_t type_of<std::int32_t>() {
  return H5T_STD_I32LE;
}
template <>
hid_t type_of<std::int64_t>() {
  return H5T_STD_I64LE;
}
template <>
hid_t type_of<std::uint8_t>() {
  return H5T_STD_U8LE;
}

Datatype string_type(std::size_t num_bytes, const Place& place) {
  Datatype type(check(H5Tcopy(H5T_C_S1), place, "copy the string type"));
  check(H5Tset_size(type.get(), std::max<std::size_t>(num_bytes, 1)), place, "set a string's length");
  check(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), place, "set a string's padding");
  check(H5Tset_cset(type.get(), H5T_CSET_UTF8), place, "set a string's character set");
  return type;
}

}  // namespace lethe::storage::hdf5
