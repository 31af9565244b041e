#include "storage/hdf5_writer.h"

#include <algorithm>
#include <limits>
#include <system_error>

#include "core/error.h"
#include "ledger/durable_file.h"

namespace lethe::storage::hdf5 {
namespace {

constexpr std::int64_t kChunkBytes = 1 << 20;
constexpr std::int64_t kWrittenVersion = 1;
constexpr std::size_t kMaxUnwrittenBytes = 1 << 20;

PropertyList without_times(hid_t list_class, const Place& place) {
  PropertyList list(check(H5Pcreate(list_class), place, "create a property list"));
  check(H5Pset_obj_track_times(list.get(), false), place, "switch time stamps off");
  return list;
}

/// The 1.10 file format: its metadata carries checksums, and any HDF5 since 1.10 reads it.
PropertyList file_access(const Place& place) {
  PropertyList list(check(H5Pcreate(H5P_FILE_ACCESS), place, "create a property list"));
  check(H5Pset_libver_bounds(list.get(), H5F_LIBVER_V110, H5F_LIBVER_V110), place, "set the file format");
  check(H5Pset_fclose_degree(list.get(), H5F_CLOSE_SEMI), place, "set the close degree");
  return list;
}

/// Whole rows of the first dimension, about 1 MiB, of nearly equal size: padding of the last chunk stays small.
std::vector<hsize_t> chunk_of(const Shape& shape, std::size_t element_bytes) {
  std::vector<hsize_t> chunk(shape.begin(), shape.end());
  auto row_bytes = static_cast<std::int64_t>(element_bytes);
  for (std::size_t i = 1; i < shape.size(); ++i) row_bytes *= shape[i];
  const std::int64_t wanted = std::max<std::int64_t>(1, kChunkBytes / row_bytes);
  const std::int64_t num_chunks = (shape[0] + wanted - 1) / wanted;
  chunk[0] = static_cast<hsize_t>((shape[0] + num_chunks - 1) / num_chunks);
  return chunk;
}

/// Writes chunk by chunk, so that HDF5 needs no buffer of the dataset's size.
void write_rows(const Dataset& dataset, hid_t type, const std::byte* values, const Shape& shape, const Place& place) {
  const std::size_t element_bytes = H5Tget_size(type);
  const std::vector<hsize_t> chunk = chunk_of(shape, element_bytes);
  const std::vector<hsize_t> dims(shape.begin(), shape.end());
  std::size_t row_bytes = element_bytes;
  for (std::size_t i = 1; i < dims.size(); ++i) row_bytes *= dims[i];
  const Dataspace in_file(check(H5Dget_space(dataset.get()), place, "read the shape"));
  std::vector<hsize_t> start(dims.size(), 0);
  std::vector<hsize_t> count = dims;
  for (hsize_t row = 0; row < dims[0]; row += chunk[0]) {
    start[0] = row;
    count[0] = std::min<hsize_t>(chunk[0], dims[0] - row);
    const Dataspace in_memory(
        check(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), place, "make a shape"));
    check(H5Sselect_hyperslab(in_file.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr), place,
          "select rows");
    check(H5Dwrite(dataset.get(), type, in_memory.get(), in_file.get(), H5P_DEFAULT, values + row * row_bytes), place,
          "write values");
  }
}

void check_name(const std::string& name, const Place& place) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos ||
      name.find('\0') != std::string::npos) {
    fail(place, "'" + name + "' cannot name an object in the file; use a name without slash");
  }
}

}  // namespace

std::int64_t num_elements(const Shape& shape, const Place& place) {
  std::int64_t product = 1;
  for (const std::int64_t size : shape) {
    if (size < 0) fail(place, "negative size in the shape");
    if (size != 0 && product > std::numeric_limits<std::int64_t>::max() / 16 / size)
      fail(place, "absurdly large shape");
    product *= size;
  }
  return product;
}

Place WriteGroup::place_of(const std::string& name) const {
  return {place_.file, (place_.object == "/" ? "/" : place_.object + "/") + name};
}

WriteGroup WriteGroup::create_group(const std::string& name) const {
  check_name(name, place_);
  Place place = place_of(name);
  const PropertyList creation = without_times(H5P_GROUP_CREATE, place);
  Group group(check(H5Gcreate2(group_.get(), name.c_str(), H5P_DEFAULT, creation.get(), H5P_DEFAULT), place,
                    "create the group"));
  return {std::move(group), std::move(place)};
}

void WriteGroup::numbers(const std::string& name, hid_t type, const void* values, std::size_t count,
                         const Shape& shape) const {
  check_name(name, place_);
  const Place place = place_of(name);
  if (shape.empty()) fail(place, "a scalar cannot be stored as a dataset");
  const std::int64_t expected = num_elements(shape, place);
  if (expected != static_cast<std::int64_t>(count)) {
    fail(place, "has " + std::to_string(count) + " values where its shape wants " + std::to_string(expected));
  }
  const std::vector<hsize_t> dims(shape.begin(), shape.end());
  const Dataspace space(
      check(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr), place, "make a shape"));
  const PropertyList creation = without_times(H5P_DATASET_CREATE, place);
  if (count > 0) {
    const std::vector<hsize_t> chunk = chunk_of(shape, H5Tget_size(type));
    check(H5Pset_chunk(creation.get(), static_cast<int>(chunk.size()), chunk.data()), place, "set the chunk size");
    check(H5Pset_fletcher32(creation.get()), place, "set the checksum");
  }
  Dataset dataset(
      check(H5Dcreate2(group_.get(), name.c_str(), type, space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT), place,
            "create the dataset"));
  if (count > 0) write_rows(dataset, type, static_cast<const std::byte*>(values), shape, place);
  // Chunks still cached are written now; a destructor could only log that this failed.
  check(H5Dclose(dataset.release()), place, "write the dataset to its end");
}

std::uint64_t WriteGroup::reserve(const std::string& name, hid_t type, std::size_t count, const Shape& shape) const {
  check_name(name, place_);
  const Place place = place_of(name);
  const std::int64_t expected = shape.empty() ? 0 : num_elements(shape, place);
  if (count == 0 || expected != static_cast<std::int64_t>(count)) {
    fail(place, "has " + std::to_string(count) + " values where its shape wants " + std::to_string(expected));
  }
  const std::vector<hsize_t> dims(shape.begin(), shape.end());
  const Dataspace space(
      check(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr), place, "make a shape"));
  const PropertyList creation = without_times(H5P_DATASET_CREATE, place);
  check(H5Pset_layout(creation.get(), H5D_CONTIGUOUS), place, "set the layout");
  check(H5Pset_alloc_time(creation.get(), H5D_ALLOC_TIME_EARLY), place, "reserve the room at once");
  check(H5Pset_fill_time(creation.get(), H5D_FILL_TIME_NEVER), place, "leave the room unwritten");
  Dataset dataset(
      check(H5Dcreate2(group_.get(), name.c_str(), type, space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT), place,
            "create the dataset"));
  const haddr_t offset = H5Dget_offset(dataset.get());
  if (offset == HADDR_UNDEF) fail(place, "HDF5 reserved no room for it");
  check(H5Dclose(dataset.release()), place, "close the dataset");
  return offset;
}

void WriteGroup::strings(const std::string& name, std::span<const std::string> values) const {
  std::size_t longest = 1;
  std::vector<std::int64_t> num_bytes;
  for (const std::string& value : values) {
    longest = std::max(longest, value.size());
    num_bytes.push_back(static_cast<std::int64_t>(value.size()));
  }
  std::string padded(longest * values.size(), '\0');
  for (std::size_t i = 0; i < values.size(); ++i) values[i].copy(padded.data() + i * longest, longest);
  const Datatype type = string_type(longest, place_of(name));
  numbers(name, type.get(), padded.data(), values.size(), {static_cast<std::int64_t>(values.size())});
  dataset(name + "_num_bytes", num_bytes);
}

void WriteGroup::attribute(const std::string& name, std::string_view text) const {
  const Place place = place_of("@" + name);
  const Datatype type = string_type(text.size(), place);
  const Dataspace space(check(H5Screate(H5S_SCALAR), place, "make a shape"));
  const Attribute attribute(
      check(H5Acreate2(group_.get(), name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT), place,
            "create the attribute"));
  const std::string value = text.empty() ? std::string(1, '\0') : std::string(text);
  check(H5Awrite(attribute.get(), type.get(), value.data()), place, "write the attribute");
}

void WriteGroup::attribute(const std::string& name, std::int64_t number) const {
  const Place place = place_of("@" + name);
  const Dataspace space(check(H5Screate(H5S_SCALAR), place, "make a shape"));
  const Attribute attribute(
      check(H5Acreate2(group_.get(), name.c_str(), H5T_STD_I64LE, space.get(), H5P_DEFAULT, H5P_DEFAULT), place,
            "create the attribute"));
  check(H5Awrite(attribute.get(), H5T_STD_I64LE, &number), place, "write the attribute");
}

OutputFile::OutputFile(const std::filesystem::path& path, const FileLabel& label)
    : path_(path), root_(Group(), Place{path.string(), "/"}) {
  const Place& place = root_.place();
  const PropertyList creation = without_times(H5P_FILE_CREATE, place);
  const PropertyList access = file_access(place);
  image_.attach_to(access, place);
  file_ = File(check(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), place, "begin the file"));
  root_ = WriteGroup(Group(check(H5Gopen2(file_.get(), "/", H5P_DEFAULT), place, "open the root group")), place);
  root_.attribute("schema", label.schema);
  root_.attribute("schema_version", kWrittenVersion);
  for (const auto* attributes : {&label.attributes, &label.later}) {
    for (const auto& [name, value] : *attributes) {
      std::visit([&, &key = name](const auto& one) { root_.attribute(key, one); }, value);
    }
  }
}

WriteGroup OutputFile::provenance(const std::map<std::string, std::string>& entries) const {
  WriteGroup group = root_.create_group("provenance");
  for (const auto& [key, text] : entries) group.attribute(key, text);
  return group;
}

void OutputFile::streamed_dataset(const std::string& name, std::span<const double> values, const Shape& shape) {
  if (!streamed_.empty()) fail(root_.place(), "a second streamed dataset, " + name + "; there is one per file");
  streamed_at_ = root_.reserve(name, type_of<double>(), values.size(), shape);
  streamed_ = std::as_bytes(values);
}

void OutputFile::close() {
  const Place place = root_.place();
  root_ = WriteGroup(Group(), place);
  // A flush would make the image as long as the file, streamed values included; closing writes what is needed.
  if (streamed_.empty()) check(H5Fflush(file_.get(), H5F_SCOPE_GLOBAL), place, "compose the file");
  check(H5Fclose(file_.release()), place, "close the file");
  if (!image_.is_closed()) fail(place, "HDF5 did not hand over the file; is an object of it still open?");

  if (std::filesystem::exists(path_)) fail(place, "exists already; results are never overwritten");
  try {
    write_durably(place);
  } catch (...) {
    std::error_code ignored;  // what stays is removed by ledger::remove_stale_temporaries
    std::filesystem::remove(path_, ignored);
    throw;
  }
}

/// The image, with the streamed values put in their place.
void OutputFile::write_durably(const Place& place) const {
  const std::uint64_t end = image_.end_of_file(place);
  const std::string_view image = image_.bytes();
  const std::string_view streamed(reinterpret_cast<const char*>(streamed_.data()), streamed_.size());
  const std::uint64_t behind = streamed.empty() ? 0 : streamed_at_ + streamed.size();
  // Before and behind the values HDF5 keeps its structures, a few KiB; what it did not write is zeros.
  const std::string zeros(kMaxUnwrittenBytes, '\0');
  std::vector<std::string_view> parts;
  const auto add = [&](std::uint64_t first, std::uint64_t last) {
    const std::uint64_t written = std::clamp<std::uint64_t>(image.size(), first, last);
    parts.push_back(image.substr(std::min<std::uint64_t>(first, image.size()), written - first));
    if (last - written > zeros.size()) fail(place, "HDF5 left " + std::to_string(last - written) + " bytes unwritten");
    parts.push_back(std::string_view(zeros).substr(0, last - written));
  };
  if (!streamed.empty()) {
    if (behind > end) fail(place, "the room for the streamed values ends behind the file");
    add(0, streamed_at_);
    parts.push_back(streamed);
  }
  add(behind, end);
  ledger::write_new_file(path_, parts);
}

}  // namespace lethe::storage::hdf5
