#include "comm/message.h"

#include <algorithm>
#include <array>

#include "core/digest.h"
#include "core/error.h"

namespace lethe::comm {
namespace {

constexpr std::uint32_t kMagic = 0x4854454CU;  // "LETH"
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kChecksumOffset = 32;  // two words up to the payload; zero while they are computed

template <typename T>
void put(std::span<std::byte> bytes, std::size_t offset, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes[offset + i] = static_cast<std::byte>(value >> (8 * i));
}

template <typename T>
T get(std::span<const std::byte> bytes, std::size_t offset) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(value |
                           static_cast<T>(static_cast<T>(std::to_integer<std::uint8_t>(bytes[offset + i])) << (8 * i)));
  }
  return value;
}

core::Digest checksum_of(std::span<const std::byte> header, std::span<const std::byte> payload) {
  core::DigestStream stream;
  stream.update(header.first(kChecksumOffset));
  stream.update(payload);
  return stream.finish();
}

MessageType type_from(std::uint16_t word) {
  if (word < static_cast<std::uint16_t>(MessageType::kHello) ||
      word > static_cast<std::uint16_t>(MessageType::kStopTask)) {
    throw core::CommError("message of unknown type " + std::to_string(word));
  }
  return static_cast<MessageType>(word);
}

}  // namespace

std::vector<std::byte> encode(const Message& message) {
  if (message.payload.size() > kMaxPayloadBytes) {
    throw core::CommError("message payload of " + std::to_string(message.payload.size()) + " bytes exceeds " +
                          std::to_string(kMaxPayloadBytes));
  }
  std::vector<std::byte> bytes(kHeaderBytes + message.payload.size());
  put<std::uint32_t>(bytes, 0, kMagic);
  put<std::uint16_t>(bytes, 4, kVersion);
  put<std::uint16_t>(bytes, 6, static_cast<std::uint16_t>(message.type));
  put<std::uint64_t>(bytes, 8, message.sequence);
  put<std::uint64_t>(bytes, 16, message.epoch);
  put<std::uint64_t>(bytes, 24, message.payload.size());
  std::ranges::copy(std::as_bytes(std::span(message.payload)), bytes.begin() + kHeaderBytes);
  const std::span<const std::byte> view(bytes);
  const auto checksum = checksum_of(view.first(kHeaderBytes), view.subspan(kHeaderBytes));
  put<std::uint64_t>(bytes, kChecksumOffset, checksum.words[0]);
  put<std::uint64_t>(bytes, kChecksumOffset + 8, checksum.words[1]);
  return bytes;
}

Message decode(std::span<const std::byte> bytes) {
  if (bytes.size() < kHeaderBytes) {
    throw core::CommError("message of " + std::to_string(bytes.size()) + " bytes is shorter than its header");
  }
  if (get<std::uint32_t>(bytes, 0) != kMagic) throw core::CommError("message does not begin with lethe's magic number");
  if (const auto version = get<std::uint16_t>(bytes, 4); version != kVersion) {
    throw core::CommError("message of protocol version " + std::to_string(version) + ", expected " +
                          std::to_string(kVersion) + "; run the same build on every rank");
  }
  const auto length = get<std::uint64_t>(bytes, 24);
  if (length > kMaxPayloadBytes || length != bytes.size() - kHeaderBytes) {
    throw core::CommError("message announces " + std::to_string(length) + " payload bytes, has " +
                          std::to_string(bytes.size() - kHeaderBytes));
  }
  const auto payload = bytes.subspan(kHeaderBytes);
  const core::Digest announced{{get<std::uint64_t>(bytes, kChecksumOffset), get<std::uint64_t>(bytes, 40)}};
  if (announced != checksum_of(bytes.first(kHeaderBytes), payload)) {
    throw core::CommError("message fails its checksum");
  }
  Message message;
  message.type = type_from(get<std::uint16_t>(bytes, 6));
  message.sequence = get<std::uint64_t>(bytes, 8);
  message.epoch = get<std::uint64_t>(bytes, 16);
  message.payload.assign(reinterpret_cast<const char*>(payload.data()), payload.size());
  return message;
}

}  // namespace lethe::comm
