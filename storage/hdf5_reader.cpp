#include "storage/hdf5_reader.h"

#include <algorithm>
#include <array>
#include <system_error>

#include "core/error.h"
#include "core/utf8.h"

namespace lethe::storage::hdf5 {
namespace {

constexpr std::int64_t kReadableVersion = 1;
constexpr std::size_t kMaxMembers = 1 << 20;
constexpr std::size_t kMaxNameBytes = 4096;
constexpr const char* kRemedy = "; the file is damaged or not written by lethe";

template <typename Names>
herr_t remember_name(Names& names, const char* name) {
  // An exception must not pass through the C library; a negative result stops the iteration.
  try {
    if (names.size() >= kMaxMembers || std::char_traits<char>::length(name) > kMaxNameBytes) return -1;
    names.emplace_back(name);
    return 0;
  } catch (...) {
    return -1;
  }
}

herr_t collect_link(hid_t /*group*/, const char* name, const H5L_info_t* /*info*/, void* names) {
  return remember_name(*static_cast<std::vector<std::string>*>(names), name);
}

herr_t collect_attribute(hid_t /*object*/, const char* name, const H5A_info_t* /*info*/, void* names) {
  return remember_name(*static_cast<std::vector<std::string>*>(names), name);
}

std::uint64_t size_of_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) throw core::StorageError(path.string() + ": cannot be read: " + error.message(), error);
  return size;
}

File open_file(const std::filesystem::path& path) {
  const Place place{path.string(), "/"};
  const PropertyList access(check(H5Pcreate(H5P_FILE_ACCESS), place, "create a property list"));
  check(H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG), place, "set the close degree");
  check(H5Pset_file_locking(access.get(), false, true), place, "switch file locking off");
  return File(check(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()), place, "open it as an HDF5 file"));
}

/// Only plain storage inside the file: no external files, virtual datasets or filters but the checksum.
void require_plain_storage(const Dataset& dataset, const Place& place) {
  const PropertyList creation(check(H5Dget_create_plist(dataset.get()), place, "read how it is stored"));
  const H5D_layout_t layout = check(H5Pget_layout(creation.get()), place, "read its layout");
  if (layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED) fail(place, std::string("foreign storage layout") + kRemedy);
  if (check(H5Pget_external_count(creation.get()), place, "read its external files") != 0) {
    fail(place, std::string("keeps its values in another file") + kRemedy);
  }
  const int num_filters = check(H5Pget_nfilters(creation.get()), place, "read its filters");
  for (int i = 0; i < num_filters; ++i) {
    unsigned flags = 0;
    std::size_t num_values = 0;
    unsigned config = 0;
    const H5Z_filter_t filter =
        H5Pget_filter2(creation.get(), static_cast<unsigned>(i), &flags, &num_values, nullptr, 0, nullptr, &config);
    if (filter != H5Z_FILTER_FLETCHER32) fail(place, std::string("foreign filter") + kRemedy);
  }
}

/// Scalar attribute of class `type_class`, at most `limit` bytes.
std::pair<Datatype, std::string> read_attribute(const Attribute& attribute, const Place& place, std::uint64_t limit) {
  Datatype type(check(H5Aget_type(attribute.get()), place, "read its type"));
  const Dataspace space(check(H5Aget_space(attribute.get()), place, "read its shape"));
  const std::size_t num_bytes = H5Tget_size(type.get());
  const H5T_class_t type_class = H5Tget_class(type.get());
  const bool is_plain = type_class == H5T_INTEGER || (type_class == H5T_STRING && H5Tis_variable_str(type.get()) == 0);
  if (!is_plain || H5Sget_simple_extent_npoints(space.get()) != 1 || num_bytes == 0 || num_bytes > limit) {
    fail(place, std::string("is not a plain attribute") + kRemedy);
  }
  std::string bytes(num_bytes, '\0');
  check(H5Aread(attribute.get(), type.get(), bytes.data()), place, "read the attribute");
  return {std::move(type), std::move(bytes)};
}

}  // namespace

std::int64_t RawDataset::row_bytes() const {
  auto bytes = static_cast<std::int64_t>(element_bytes);
  for (std::size_t i = 1; i < shape.size(); ++i) bytes *= shape[i];
  return bytes;
}

std::vector<std::byte> RawDataset::rows(std::int64_t first, std::int64_t count) const {
  std::vector<std::byte> bytes(static_cast<std::size_t>(row_bytes() * count));
  if (bytes.empty()) return bytes;
  const Dataspace in_file(check(H5Dget_space(handle.get()), place, "read the shape"));
  std::vector<hsize_t> start(shape.size(), 0);
  std::vector<hsize_t> extent(shape.begin(), shape.end());
  start[0] = static_cast<hsize_t>(first);
  extent[0] = static_cast<hsize_t>(count);
  const Dataspace in_memory(
      check(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr), place, "make a shape"));
  check(H5Sselect_hyperslab(in_file.get(), H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr), place,
        "select rows");
  check(H5Dread(handle.get(), type.get(), in_memory.get(), in_file.get(), H5P_DEFAULT, bytes.data()), place,
        "read values");
  return bytes;
}

Place ReadGroup::place_of(const std::string& name) const {
  return {place_.file, (place_.object == "/" ? "/" : place_.object + "/") + name};
}

void ReadGroup::fail_at(const std::string& name, const std::string& what) const {
  fail(place_of(name), what + kRemedy);
}

void ReadGroup::require_hard_link(const std::string& name) const {
  const Place place = place_of(name);
  const htri_t exists = check(H5Lexists(group_.get(), name.c_str(), H5P_DEFAULT), place, "look for it");
  if (exists == 0) fail(place, std::string("is missing") + kRemedy);
  H5L_info_t info{};
  check(H5Lget_info(group_.get(), name.c_str(), &info, H5P_DEFAULT), place, "read its link");
  if (info.type != H5L_TYPE_HARD) fail(place, std::string("is a link to elsewhere") + kRemedy);
}

bool ReadGroup::has(const std::string& name) const {
  return check(H5Lexists(group_.get(), name.c_str(), H5P_DEFAULT), place_of(name), "look for it") > 0;
}

std::map<std::string, ObjectKind> ReadGroup::members() const {
  std::vector<std::string> names;
  hsize_t position = 0;
  check(H5Literate(group_.get(), H5_INDEX_NAME, H5_ITER_NATIVE, &position, collect_link, &names), place_,
        "list the group");
  std::map<std::string, ObjectKind> kinds;
  for (const std::string& name : names) {
    require_hard_link(name);
    H5O_info_t info{};
    check(H5Oget_info_by_name2(group_.get(), name.c_str(), &info, H5O_INFO_BASIC, H5P_DEFAULT), place_of(name),
          "read what it is");
    if (info.type != H5O_TYPE_GROUP && info.type != H5O_TYPE_DATASET) fail_at(name, "is neither group nor dataset");
    kinds[name] = info.type == H5O_TYPE_GROUP ? ObjectKind::kGroup : ObjectKind::kDataset;
  }
  return kinds;
}

std::vector<std::string> ReadGroup::attribute_names() const {
  std::vector<std::string> names;
  hsize_t position = 0;
  check(H5Aiterate2(group_.get(), H5_INDEX_NAME, H5_ITER_NATIVE, &position, collect_attribute, &names), place_,
        "list the attributes");
  std::sort(names.begin(), names.end());
  return names;
}

ReadGroup ReadGroup::group(const std::string& name) const {
  require_hard_link(name);
  Place place = place_of(name);
  Group opened(check(H5Gopen2(group_.get(), name.c_str(), H5P_DEFAULT), place, "open it as a group"));
  return {std::move(opened), std::move(place), file_bytes_};
}

RawDataset ReadGroup::raw(const std::string& name) const {
  require_hard_link(name);
  RawDataset dataset;
  dataset.place = place_of(name);
  const Place& place = dataset.place;
  dataset.handle = Dataset(check(H5Dopen2(group_.get(), name.c_str(), H5P_DEFAULT), place, "open it as a dataset"));
  require_plain_storage(dataset.handle, place);
  dataset.type = Datatype(check(H5Dget_type(dataset.handle.get()), place, "read its type"));
  dataset.element_bytes = H5Tget_size(dataset.type.get());
  const H5T_class_t type_class = H5Tget_class(dataset.type.get());
  const bool is_plain = type_class == H5T_INTEGER || type_class == H5T_FLOAT ||
                        (type_class == H5T_STRING && H5Tis_variable_str(dataset.type.get()) == 0);
  if (!is_plain || dataset.element_bytes == 0) fail_at(name, "has a foreign type");

  const Dataspace space(check(H5Dget_space(dataset.handle.get()), place, "read its shape"));
  const int rank = check(H5Sget_simple_extent_ndims(space.get()), place, "read its rank");
  std::array<hsize_t, H5S_MAX_RANK> dims{};
  if (rank < 1) fail_at(name, "is no array");
  check(H5Sget_simple_extent_dims(space.get(), dims.data(), nullptr), place, "read its shape");
  for (int i = 0; i < rank; ++i) dataset.shape.push_back(static_cast<std::int64_t>(dims[static_cast<std::size_t>(i)]));

  // Before anything is allocated: the values must be in the file, since nothing is compressed.
  const auto count = static_cast<std::uint64_t>(num_elements(dataset.shape, place));
  const std::uint64_t stored_bytes = H5Dget_storage_size(dataset.handle.get());
  if (count > file_bytes_ / dataset.element_bytes || count * dataset.element_bytes > stored_bytes ||
      stored_bytes > file_bytes_) {
    fail_at(name, "claims more values than the file holds");
  }
  return dataset;
}

RawDataset ReadGroup::expect_type(RawDataset dataset, hid_t type) {
  if (check(H5Tequal(dataset.type.get(), type), dataset.place, "compare types") == 0) {
    fail(dataset.place, std::string("has another type than expected") + kRemedy);
  }
  return dataset;
}

void ReadGroup::read_all(const RawDataset& dataset, void* values) {
  if (num_elements(dataset.shape, dataset.place) == 0) return;
  check(H5Dread(dataset.handle.get(), dataset.type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values), dataset.place,
        "read values");
}

void ReadGroup::expect_vector(const std::string& name, const Shape& shape, std::optional<std::int64_t> size) const {
  if (shape.size() != 1) fail_at(name, "is not one-dimensional");
  if (size && shape[0] != *size) {
    fail_at(name, "has " + std::to_string(shape[0]) + " values instead of " + std::to_string(*size));
  }
}

std::vector<std::int64_t> ReadGroup::offsets(const std::string& name, std::int64_t num_rows, std::int64_t total) const {
  std::vector<std::int64_t> values = vector<std::int64_t>(name, num_rows + 1);
  if (values.front() != 0 || values.back() != total || !std::is_sorted(values.begin(), values.end())) {
    fail_at(name, "are not offsets from 0 to " + std::to_string(total));
  }
  return values;
}

std::vector<std::string> ReadGroup::strings(const std::string& name, std::optional<std::int64_t> size) const {
  const RawDataset dataset = raw(name);
  if (H5Tget_class(dataset.type.get()) != H5T_STRING) fail_at(name, "does not hold strings");
  expect_vector(name, dataset.shape, size);
  const std::vector<std::int64_t> num_bytes = vector<std::int64_t>(name + "_num_bytes", dataset.shape[0]);
  std::string padded(dataset.element_bytes * num_bytes.size(), '\0');
  read_all(dataset, padded.data());
  std::vector<std::string> values;
  for (std::size_t i = 0; i < num_bytes.size(); ++i) {
    if (num_bytes[i] < 0 || static_cast<std::size_t>(num_bytes[i]) > dataset.element_bytes) {
      fail_at(name + "_num_bytes", "is out of range");
    }
    values.push_back(padded.substr(i * dataset.element_bytes, static_cast<std::size_t>(num_bytes[i])));
  }
  return values;
}

bool ReadGroup::has_attribute(const std::string& name) const {
  return check(H5Aexists(group_.get(), name.c_str()), place_of("@" + name), "look for it") > 0;
}

std::string ReadGroup::attribute_text(const std::string& name) const {
  const Place place = place_of("@" + name);
  if (!has_attribute(name)) fail_at("@" + name, "is missing");
  const Attribute attribute(check(H5Aopen(group_.get(), name.c_str(), H5P_DEFAULT), place, "open the attribute"));
  auto [type, text] = read_attribute(attribute, place, file_bytes_);
  if (H5Tget_class(type.get()) != H5T_STRING) fail_at("@" + name, "is no text");
  while (!text.empty() && text.back() == '\0') text.pop_back();
  return text;
}

std::int64_t ReadGroup::attribute_integer(const std::string& name) const {
  const Place place = place_of("@" + name);
  if (!has_attribute(name)) fail_at("@" + name, "is missing");
  const Attribute attribute(check(H5Aopen(group_.get(), name.c_str(), H5P_DEFAULT), place, "open the attribute"));
  const auto [type, bytes] = read_attribute(attribute, place, sizeof(std::int64_t));
  if (check(H5Tequal(type.get(), H5T_STD_I64LE), place, "compare types") == 0) fail_at("@" + name, "is no integer");
  std::int64_t number = 0;
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(&number));
  return number;
}

std::string ReadGroup::attribute_image(const std::string& name) const {
  const Place place = place_of("@" + name);
  const Attribute attribute(check(H5Aopen(group_.get(), name.c_str(), H5P_DEFAULT), place, "open the attribute"));
  const auto [type, bytes] = read_attribute(attribute, place, file_bytes_);
  return std::to_string(static_cast<int>(H5Tget_class(type.get()))) + ":" + bytes;
}

InputFile::InputFile(const std::filesystem::path& path, const std::string& schema)
    : root_(Group(), Place{path.string(), "/"}, size_of_file(path)) {
  const Place place = root_.place();
  const std::uint64_t num_bytes = size_of_file(path);
  file_ = open_file(path);
  root_ =
      ReadGroup(Group(check(H5Gopen2(file_.get(), "/", H5P_DEFAULT), place, "open the root group")), place, num_bytes);
  if (schema.empty()) return;
  const std::string found = root_.attribute_text("schema");
  if (found != schema) fail(place, "has schema '" + found + "' where '" + schema + "' is expected");
  const std::int64_t version = root_.attribute_integer("schema_version");
  if (version != kReadableVersion) {
    fail(place, "has version " + std::to_string(version) + " of " + schema + ", this program reads version " +
                    std::to_string(kReadableVersion) + "; use the lethe that wrote it");
  }
}

InputFile::InputFile(const std::filesystem::path& path, const FileLabel& label) : InputFile(path, label.schema) {
  if (const auto difference = difference_from(label)) {
    throw core::MismatchError(root_.place().file + ": " + *difference);
  }
}

std::optional<std::string> InputFile::difference_from(const FileLabel& label) const {
  const auto text_of = [&](const std::string& name, bool is_number) {
    return is_number ? std::to_string(root_.attribute_integer(name)) : root_.attribute_text(name);
  };
  for (const auto* attributes : {&label.attributes, &label.later}) {
    for (const auto& [name, value] : *attributes) {
      if (attributes == &label.later && !root_.has_attribute(name)) continue;
      const auto* number = std::get_if<std::int64_t>(&value);
      const auto wanted = number != nullptr ? std::to_string(*number) : std::get<std::string>(value);
      const auto found = text_of(name, number != nullptr);
      if (found == wanted) continue;
      return "is another file than its name and place say: its " + name + " is \"" + core::replace_invalid_utf8(found) +
             "\", \"" + wanted + "\" was asked for; move it away (or restore the right one) and run the sweep again";
    }
  }
  return std::nullopt;
}

std::map<std::string, std::string> InputFile::provenance() const {
  const ReadGroup group = root_.group("provenance");
  std::map<std::string, std::string> entries;
  for (const std::string& key : group.attribute_names()) entries[key] = group.attribute_text(key);
  return entries;
}

}  // namespace lethe::storage::hdf5
