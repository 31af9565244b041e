#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace lethe::core {

/// 128-bit content digest (XXH3). Detects damage and tells contents apart; it is no signature.
/// `hex` is what `xxhsum -H2` prints, so a file can be checked without lethe.
struct Digest {
  /// High half first.
  std::array<std::uint64_t, 2> words{};

  auto operator<=>(const Digest&) const = default;
  /// 32 lower-case hexadecimal digits.
  [[nodiscard]] std::string hex() const;
  /// Inverse of `hex`; throws `StorageError` on anything else.
  static Digest from_hex(std::string_view hex);
};

Digest digest_of(std::span<const std::byte> bytes);
Digest digest_of(std::string_view text);
/// Digest of a regular file's bytes; throws `StorageError` if it cannot be read to its end. Never waits: a pipe is
/// refused.
Digest digest_of_file(const std::filesystem::path& path);

/// Incremental form, for content that is not contiguous.
class DigestStream {
 public:
  DigestStream();
  ~DigestStream();
  DigestStream(DigestStream&&) noexcept;
  DigestStream& operator=(DigestStream&&) noexcept;

  void update(std::span<const std::byte> bytes);
  /// Hashes the length too, so that ("ab","c") and ("a","bc") differ.
  void update_text(std::string_view text);
  [[nodiscard]] Digest finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lethe::core
