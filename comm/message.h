#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace lethe::comm {

/// What a message between ranks is about. The payload of each is given in orchestrator/scheduling/protocol.h.
enum class MessageType : std::uint16_t {
  kHello = 1,        ///< rank -> coordinator: I am here
  kWelcome = 2,      ///< coordinator -> rank: the sweep's folder and settings
  kAssign = 3,       ///< coordinator -> rank: run this task; the header's epoch names the assignment
  kEvent = 4,        ///< rank -> coordinator: what its executor said, under the assignment's epoch
  kStop = 5,         ///< coordinator -> rank: finish the edit at hand, commit, answer
  kStopRequest = 6,  ///< rank -> coordinator: this rank was told to stop (signal)
  kQuit = 7,         ///< coordinator -> rank: end the executor and leave
  kBye = 8,          ///< rank -> coordinator: the executor is gone, nothing follows
  kStopTask = 9,     ///< coordinator -> rank: the same of the task of the header's epoch alone; others follow
};

/// One message. `sequence` counts a sender's messages; `epoch` is the fencing token of an assignment, 0 elsewhere.
struct Message {
  MessageType type = MessageType::kHello;
  std::uint64_t sequence = 0;
  std::uint64_t epoch = 0;
  std::string payload;  ///< JSON text or raw bytes
  bool operator==(const Message&) const = default;
};

inline constexpr std::size_t kHeaderBytes = 48;
/// Larger payloads are refused on both sides: the protocol carries hints, files carry data.
inline constexpr std::size_t kMaxPayloadBytes = std::size_t{16} << 20;

/// Header (magic, version, type, sequence, epoch, length, checksum; little endian) and payload.
/// Throws `core::CommError` if the payload is too long.
std::vector<std::byte> encode(const Message& message);

/// Inverse of `encode`; throws `core::CommError` on anything else: short, foreign, damaged, of another version.
Message decode(std::span<const std::byte> bytes);

}  // namespace lethe::comm
