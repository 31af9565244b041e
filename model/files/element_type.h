#pragma once

#include <cstddef>
#include <cstdint>

namespace lethe::model::inline files {

/// What the elements of a stored tensor are, of the types that lethe reads.
enum class ElementType : std::uint8_t {
  kFloat64,
  kFloat32,
  kFloat16,
  kBFloat16,
  kInt64,
  kInt32,
  kInt16,
  kInt8,
  kUInt8,
  kBool,
};

/// Of one element.
[[nodiscard]] std::size_t bytes_of(ElementType type);

}  // namespace lethe::model::inline files
