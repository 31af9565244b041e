#pragma once

#include <algorithm>
#include <cstdint>

// Legend: F inner width of the MLP, M keys since the base, N keys of a step. Free of LibTorch: a plan asks as well.

namespace lethe::editing {

/// What a `KeyHistory` starts from: a multiple of the identity, or a factored second moment (which it shares).
enum class KeyBase { kIdentity, kMoment };

/// Keys are kept in panels of that many: what is full is never copied again.
inline constexpr std::int64_t kPanelKeys = 256;

/// Keys since the base from which on they are folded into a dense base. Steps of one key wait for memory, folds
/// compute, some 50 operations in the time of one number read. By the counts below a first fold of an identity then
/// pays from F / 2 keys on; later ones would at F / 8 (one key a step) to F / 3 (ten), where F / 2 costs up to a third
/// more time a key. It depends on F alone, so that the same edits fold at the same places on every machine.
constexpr std::int64_t max_open_keys(std::int64_t width) { return std::max<std::int64_t>(1, width / 2); }

/// A history of `num_keys` keys that came `keys_per_step` at a time.
struct KeyHistoryShape {
  std::int64_t width = 0;
  std::int64_t num_keys = 0;
  std::int64_t keys_per_step = 1;
  KeyBase base = KeyBase::kIdentity;

  /// Keys from one fold to the next: whole steps.
  [[nodiscard]] constexpr std::int64_t keys_per_fold() const {
    return (max_open_keys(width) + keys_per_step - 1) / keys_per_step * keys_per_step;
  }
  [[nodiscard]] constexpr std::int64_t num_folds() const { return num_keys / keys_per_fold(); }
  /// M
  [[nodiscard]] constexpr std::int64_t open_keys() const { return num_keys % keys_per_fold(); }
  [[nodiscard]] constexpr bool has_dense_base() const { return base == KeyBase::kMoment || num_folds() > 0; }
};

/// Bytes that the history holds, without a second moment's factor that it shares: F (F + M) + M^2 / 2 doubles.
constexpr std::int64_t key_history_bytes(const KeyHistoryShape& shape) {
  const std::int64_t num_panels = (shape.open_keys() + kPanelKeys - 1) / kPanelKeys;
  // Panel p: its keys [256,F] and its rows of the factor [256, 256 (p + 1)].
  const std::int64_t panels = kPanelKeys * (num_panels * shape.width + kPanelKeys * num_panels * (num_panels + 1) / 2);
  const std::int64_t base = shape.num_folds() > 0 ? shape.width * shape.width : 0;
  return static_cast<std::int64_t>(sizeof(double)) * (panels + base);
}

/// Bytes that it holds for a moment while it folds: the full panels, the earlier base, and the next one twice.
constexpr std::int64_t key_history_fold_bytes(const KeyHistoryShape& shape) {
  const KeyHistoryShape full{shape.width, shape.keys_per_fold() - 1, shape.keys_per_step, shape.base};
  const std::int64_t num_bases = shape.num_folds() > 0 ? 3 : 2;
  return key_history_bytes(full) + num_bases * static_cast<std::int64_t>(sizeof(double)) * shape.width * shape.width;
}

/// Floating-point operations of one `solve` and one `append` of `keys_per_step` keys after the history given, without a
/// fold: 3 (2 F M + M^2) N, 3 F^2 N more with a dense base.
constexpr double key_history_step_flops(const KeyHistoryShape& shape) {
  const auto width = static_cast<double>(shape.width);
  const auto open = static_cast<double>(shape.open_keys());
  const auto num_new = static_cast<double>(shape.keys_per_step);
  const double dense = shape.has_dense_base() ? 3.0 * width * width : 0.0;
  return num_new * (6.0 * width * open + 3.0 * open * open + dense + 4.0 * width * num_new);
}

/// Bytes that they read, whatever the number of keys in the step: the open keys and their factor three times, a dense
/// base likewise.
constexpr double key_history_step_read_bytes(const KeyHistoryShape& shape) {
  const auto width = static_cast<double>(shape.width);
  const auto open = static_cast<double>(shape.open_keys());
  const double dense = shape.has_dense_base() ? width * width / 2.0 : 0.0;
  return 3.0 * sizeof(double) * (width * open + open * open / 2.0 + dense);
}

/// Floating-point operations of one fold: 2 F^2 M for the product of the keys, F^3 / 3 for its factor, 2 F^3 / 3 to
/// multiply it to a base that is dense already.
constexpr double key_history_fold_flops(const KeyHistoryShape& shape) {
  const auto width = static_cast<double>(shape.width);
  const double dense = shape.has_dense_base() ? 2.0 / 3.0 : 0.0;
  return width * width * (2.0 * static_cast<double>(shape.keys_per_fold()) + (1.0 / 3.0 + dense) * width);
}

}  // namespace lethe::editing
