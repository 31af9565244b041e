#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

// Shapes of tensors and arrays, without any library's tensor type.

namespace lethe::core {

/// "[2, 3]", for messages.
std::string shape_text(std::span<const std::int64_t> shape);

/// Bytes of so many elements, none of whose numbers is negative; nothing if they leave 63 bits, be it in an array that
/// is empty by another of its sizes.
std::optional<std::uint64_t> checked_bytes(std::span<const std::int64_t> shape, std::uint64_t element_bytes);

}  // namespace lethe::core
