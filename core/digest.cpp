#include "core/digest.h"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <new>
#include <vector>

#include <xxhash.h>

#include "core/error.h"
#include "core/file_text.h"

namespace lethe::core {
namespace {

Digest from_xxh(XXH128_hash_t hash) { return Digest{{hash.high64, hash.low64}}; }

}  // namespace

std::string Digest::hex() const {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(32);
  for (const auto word : words) {
    for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(word >> shift) & 0xFU];
  }
  return text;
}

Digest Digest::from_hex(std::string_view hex) {
  const bool is_hex = hex.size() == 32 && hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (!is_hex) throw StorageError("\"" + std::string(hex) + "\" is no digest: 32 lower-case hexadecimal digits");
  Digest digest;
  std::from_chars(hex.data(), hex.data() + 16, digest.words[0], 16);
  std::from_chars(hex.data() + 16, hex.data() + 32, digest.words[1], 16);
  return digest;
}

Digest digest_of(std::span<const std::byte> bytes) { return from_xxh(XXH3_128bits(bytes.data(), bytes.size())); }

Digest digest_of(std::string_view text) { return digest_of(std::as_bytes(std::span(text.data(), text.size()))); }

Digest digest_of_file(const std::filesystem::path& path) {
  const auto file = open_regular_file(path);
  constexpr std::size_t kBlockBytes = std::size_t{1} << 20U;
  std::vector<std::byte> block(kBlockBytes);
  DigestStream stream;
  while (true) {
    const auto count = ::read(file.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_read_error(path);
    if (count == 0) return stream.finish();
    stream.update(std::span(block).first(static_cast<std::size_t>(count)));
  }
}

struct DigestStream::State {
  XXH3_state_t* xxh = XXH3_createState();

  State() {
    if (xxh == nullptr) throw std::bad_alloc();
    XXH3_128bits_reset(xxh);
  }
  ~State() { XXH3_freeState(xxh); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

DigestStream::DigestStream() : state_(std::make_unique<State>()) {}
DigestStream::~DigestStream() = default;
DigestStream::DigestStream(DigestStream&&) noexcept = default;
DigestStream& DigestStream::operator=(DigestStream&&) noexcept = default;

void DigestStream::update(std::span<const std::byte> bytes) {
  XXH3_128bits_update(state_->xxh, bytes.data(), bytes.size());
}

void DigestStream::update_text(std::string_view text) {
  // Little-endian by construction, so that digests agree between hosts.
  std::array<std::byte, 8> length{};
  for (std::size_t i = 0; i < length.size(); ++i) {
    length[i] = static_cast<std::byte>((static_cast<std::uint64_t>(text.size()) >> (8 * i)) & 0xFFU);
  }
  update(length);
  update(std::as_bytes(std::span(text.data(), text.size())));
}

Digest DigestStream::finish() const { return from_xxh(XXH3_128bits_digest(state_->xxh)); }

}  // namespace lethe::core
