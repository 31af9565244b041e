#include "tests/fuzz/tampering.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "storage/hdf5_calls.h"

namespace lethe::fuzz {
namespace {

using namespace storage::hdf5;  // NOLINT(google-build-using-namespace): the owners of identifiers

constexpr std::size_t kMaxSteps = 8;
constexpr std::size_t kMaxValueBytes = 4096;

/// Takes the steps' bytes; behind their end all are 0.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] bool is_over() const { return bytes_.empty(); }
  unsigned take() {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte;
  }
  std::string_view take_text(std::size_t size) {
    const auto text = bytes_.substr(0, size);
    bytes_.remove_prefix(text.size());
    return text;
  }
  /// Small ones are likely, large ones possible.
  hsize_t take_size() {
    const auto byte = take();
    return byte < 250 ? byte : hsize_t{1} << (take() % 62);
  }

 private:
  std::string_view bytes_;
};

herr_t note_name(hid_t /*group*/, const char* name, const H5L_info_t* /*info*/, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

class Tampering {
 public:
  Tampering(hid_t file, Bytes& bytes) : file_(file), bytes_(bytes) {
    H5Lvisit(file, H5_INDEX_NAME, H5_ITER_INC, note_name, &names_);
  }

  void step() {
    if (names_.empty()) return;
    switch (bytes_.take() % 7) {
      case 0:
        H5Ldelete(file_, name(), H5P_DEFAULT);
        break;
      case 1:
        replace_dataset();
        break;
      case 2:
        overwrite_values();
        break;
      case 3:
        replace_attribute();
        break;
      case 4:
        H5Lmove(file_, name(), file_, name_or_new().c_str(), H5P_DEFAULT, H5P_DEFAULT);
        break;
      case 5:
        H5Lcreate_hard(file_, name(), file_, name_or_new().c_str(), H5P_DEFAULT, H5P_DEFAULT);
        break;
      default:
        H5Lcreate_soft(name(), file_, name_or_new().c_str(), H5P_DEFAULT, H5P_DEFAULT);
    }
  }

 private:
  hid_t file_;
  Bytes& bytes_;
  std::vector<std::string> names_;

  const char* name() { return names_[bytes_.take() % names_.size()].c_str(); }
  /// Another object's, or a name of its own beside one.
  std::string name_or_new() {
    std::string other = name();
    const auto size = bytes_.take() % 16;
    if (size == 0) return other;
    for (const char letter : bytes_.take_text(size)) other += letter == '\0' ? '0' : letter;
    return other;
  }

  hid_t type() {
    const std::array types{H5T_STD_I64LE, H5T_STD_I32LE, H5T_STD_U8LE, H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_STD_U64BE};
    return types[bytes_.take() % types.size()];
  }

  /// As many bytes of values as the elements need, those of the steps first.
  std::vector<char> values(std::size_t num_bytes) {
    std::vector<char> filled(num_bytes);
    const auto text = bytes_.take_text(num_bytes);
    std::copy(text.begin(), text.end(), filled.begin());
    return filled;
  }

  void replace_dataset() {
    const std::string which = name();
    const auto element = type();
    std::vector<hsize_t> sizes(bytes_.take() % 4);
    hsize_t count = 1;
    for (auto& size : sizes) {
      size = bytes_.take_size();
      if (__builtin_mul_overflow(count, size, &count)) return;
    }
    H5Ldelete(file_, which.c_str(), H5P_DEFAULT);
    const Dataspace space(sizes.empty() ? H5Screate(H5S_SCALAR)
                                        : H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr));
    const Dataset dataset(
        H5Dcreate2(file_, which.c_str(), element, space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    if (dataset.get() < 0 || count > kMaxValueBytes / H5Tget_size(element)) return;
    const auto filled = values(static_cast<std::size_t>(count) * H5Tget_size(element));
    H5Dwrite(dataset.get(), element, H5S_ALL, H5S_ALL, H5P_DEFAULT, filled.data());
  }

  /// Bytes of the values from a place on.
  void overwrite_values() {
    const Dataset dataset(H5Dopen2(file_, name(), H5P_DEFAULT));
    if (dataset.get() < 0) return;
    const Datatype element(H5Dget_type(dataset.get()));
    const Dataspace space(H5Dget_space(dataset.get()));
    const auto count = static_cast<std::size_t>(std::max<hssize_t>(0, H5Sget_simple_extent_npoints(space.get())));
    if (count == 0 || count > kMaxValueBytes / H5Tget_size(element.get())) return;
    std::vector<char> stored(count * H5Tget_size(element.get()));
    if (H5Dread(dataset.get(), element.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, stored.data()) < 0) return;
    const auto begin = (bytes_.take() * 256 + bytes_.take()) % stored.size();
    const auto text = bytes_.take_text(std::min<std::size_t>(stored.size() - begin, 1 + bytes_.take() % 16));
    std::copy(text.begin(), text.end(), stored.begin() + static_cast<std::ptrdiff_t>(begin));
    H5Dwrite(dataset.get(), element.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, stored.data());
  }

  /// Of the root or an object: left out, a number, or a text.
  void replace_attribute() {
    const std::string owner = bytes_.take() % 2 == 0 ? "/" : name();
    const auto index = bytes_.take() % 16;
    std::array<char, 256> attribute{};
    if (H5Aget_name_by_idx(file_, owner.c_str(), H5_INDEX_NAME, H5_ITER_INC, index, attribute.data(),
                           attribute.size() - 1, H5P_DEFAULT) < 0) {
      return;
    }
    H5Adelete_by_name(file_, owner.c_str(), attribute.data(), H5P_DEFAULT);
    const auto kind = bytes_.take() % 3;
    if (kind == 0) return;
    const auto size = kind == 1 ? sizeof(std::int64_t) : 1 + bytes_.take() % 64;
    const Datatype element(H5Tcopy(kind == 1 ? H5T_STD_I64LE : H5T_C_S1));
    if (kind == 2) H5Tset_size(element.get(), size);
    const Dataspace space(H5Screate(H5S_SCALAR));
    const Attribute replaced(H5Acreate_by_name(file_, owner.c_str(), attribute.data(), element.get(), space.get(),
                                               H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    const auto filled = values(size);
    if (replaced.get() >= 0) H5Awrite(replaced.get(), element.get(), filled.data());
  }
};

}  // namespace

void tamper_with(const std::filesystem::path& path, std::string_view steps) {
  const LibraryLock lock;
  const File file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
  Bytes bytes(steps);
  for (std::size_t i = 0; i < kMaxSteps && !bytes.is_over(); ++i) Tampering(file.get(), bytes).step();
  H5Eclear2(H5E_DEFAULT);
}

}  // namespace lethe::fuzz
