#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace lethe::model::inline files {

/// Takes a pickle's bytes one value after another.
class PickleReader {
 public:
  /// `pickle` must outlive what is taken. `place` opens messages.
  PickleReader(std::span<const std::byte> pickle, std::string place);

  /// Throws `core::DataError` with the place, the byte reached and `what`.
  [[noreturn]] void refuse(const std::string& what) const;

  /// The next bytes; refuses if there are fewer.
  [[nodiscard]] std::string_view take(std::uint64_t num_bytes);

  /// A little-endian number, as the format stores all but its real numbers.
  template <typename Integer>
  [[nodiscard]] Integer take_number() {
    Integer number = 0;
    std::memcpy(&number, take(sizeof(number)).data(), sizeof(number));
    return number;
  }

  /// Up to the next line feed, which is taken too and left out.
  [[nodiscard]] std::string_view take_line();

 private:
  std::span<const std::byte> bytes_;
  std::string place_;
  std::size_t position_ = 0;
};

}  // namespace lethe::model::inline files
