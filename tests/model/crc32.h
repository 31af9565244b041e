#pragma once

#include <cstdint>

namespace lethe::model {

/// CRC-32 of 32-bit values in little-endian order, as Python's zlib.crc32 computes it.
class Crc32 {
 public:
  void add(std::uint32_t value) {
    for (int byte = 0; byte < 4; ++byte, value >>= 8) {
      state_ ^= value & 0xFF;
      for (int bit = 0; bit < 8; ++bit) state_ = (state_ >> 1) ^ ((state_ & 1) != 0 ? 0xEDB88320U : 0U);
    }
  }
  [[nodiscard]] std::uint32_t value() const { return ~state_; }

 private:
  std::uint32_t state_ = 0xFFFFFFFF;
};

}  // namespace lethe::model
