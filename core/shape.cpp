#include "core/shape.h"

namespace lethe::core {

std::string shape_text(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (const auto size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

std::optional<std::uint64_t> checked_bytes(std::span<const std::int64_t> shape, std::uint64_t element_bytes) {
  // An empty array's other sizes are multiplied all the same: strides are reckoned from them.
  std::uint64_t total = element_bytes;
  bool is_empty = false;
  for (const auto size : shape) {
    is_empty = is_empty || size == 0;
    if (__builtin_mul_overflow(total, static_cast<std::uint64_t>(size == 0 ? 1 : size), &total)) return std::nullopt;
    if (total > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
  }
  return is_empty ? 0 : total;
}

}  // namespace lethe::core
