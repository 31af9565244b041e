#include "data/numpy_array.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/error.h"
#include "core/shape.h"
#include "data/text_file.h"

namespace lethe::data {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr std::size_t kMaxDimensions = 32;

/// Takes the fields off the header's Python dict: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }.
class HeaderText {
 public:
  explicit HeaderText(std::string_view text) : rest_(text) {}

  /// Takes `expected` after blanks; false if something else stands there.
  bool take(std::string_view expected) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n"), rest_.size()));
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  std::optional<std::string_view> quoted() {
    if (!take("'")) return std::nullopt;
    const auto end = rest_.find('\'');
    if (end == std::string_view::npos) return std::nullopt;
    const auto text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return text;
  }
  std::optional<std::vector<std::int64_t>> tuple() {
    if (!take("(")) return std::nullopt;
    std::vector<std::int64_t> numbers;
    while (!take(")")) {
      static_cast<void>(take(""));  // blanks
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
      if (error != std::errc() || number < 0 || numbers.size() == kMaxDimensions) return std::nullopt;
      numbers.push_back(number);
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      if (take(",")) continue;
      if (!take(")")) return std::nullopt;
      break;
    }
    return numbers;
  }

 private:
  std::string_view rest_;
};

struct Header {
  std::string dtype;
  bool is_fortran_order = false;
  std::vector<std::int64_t> shape;
};

std::optional<Header> parse_header(std::string_view text) {
  HeaderText rest(text);
  Header header;
  bool has_dtype = false;
  bool has_order = false;
  bool has_shape = false;
  if (!rest.take("{")) return std::nullopt;
  while (!rest.take("}")) {
    const auto key = rest.quoted();
    if (!key || !rest.take(":")) return std::nullopt;
    if (*key == "descr") {
      const auto dtype = rest.quoted();
      if (!dtype) return std::nullopt;
      header.dtype = *dtype;
      has_dtype = true;
    } else if (*key == "fortran_order") {
      header.is_fortran_order = rest.take("True");
      if (!header.is_fortran_order && !rest.take("False")) return std::nullopt;
      has_order = true;
    } else if (*key == "shape") {
      auto shape = rest.tuple();
      if (!shape) return std::nullopt;
      header.shape = std::move(*shape);
      has_shape = true;
    } else {
      return std::nullopt;
    }
    static_cast<void>(rest.take(","));
  }
  if (!has_dtype || !has_order || !has_shape) return std::nullopt;
  return header;
}

/// Bytes of one element: the number behind the type's letter, four times that for text.
std::optional<std::uint64_t> element_bytes(std::string_view dtype) {
  if (dtype.size() < 3) return std::nullopt;
  std::uint64_t size = 0;
  const auto* const last = dtype.data() + dtype.size();
  const auto [end, error] = std::from_chars(dtype.data() + 2, last, size);
  if (error != std::errc() || end != last || size == 0 || size > 1U << 20U) return std::nullopt;
  return dtype[1] == 'U' ? size * 4 : size;
}

}  // namespace

std::int64_t NumpyArray::numel() const {
  std::int64_t product = 1;
  for (const auto size : shape) product *= size;
  return product;
}

NumpyArray numpy_array(std::span<const std::byte> content, const std::string& place) {
  const auto refuse = [&](const std::string& what) { throw core::DataError(place + " " + what); };
  const std::string_view bytes(reinterpret_cast<const char*>(content.data()), content.size());
  if (bytes.size() < 12 || !bytes.starts_with(kMagic)) refuse("is no .npy array");
  const auto version = static_cast<unsigned char>(bytes[6]);
  if (version < 1 || version > 3) refuse("has the .npy version " + std::to_string(version) + "; 1 to 3 are read");
  std::uint32_t header_bytes = 0;
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  std::memcpy(&header_bytes, bytes.data() + 8, length_bytes);
  const auto data_begin = 8 + length_bytes + header_bytes;
  if (data_begin > bytes.size()) refuse("ends within its header; fetch the file again");
  const auto text = bytes.substr(8 + length_bytes, header_bytes);
  auto header = parse_header(text);
  if (!header) refuse("has a header that is not NumPy's: " + excerpt(text, 120));
  if (header->is_fortran_order && header->shape.size() > 1) {
    refuse("is in Fortran order; save numpy.ascontiguousarray of it");
  }
  const auto element = element_bytes(header->dtype);
  if (!element) refuse("has elements of the type " + excerpt(header->dtype) + ", which are not read");
  const auto expected = core::checked_bytes(header->shape, *element);
  if (!expected || *expected != bytes.size() - data_begin) {
    refuse("holds " + std::to_string(bytes.size() - data_begin) +
           " bytes, not those of its shape; fetch the file again");
  }
  return {std::move(header->dtype), std::move(header->shape), content.subspan(data_begin)};
}

}  // namespace lethe::data
