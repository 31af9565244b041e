#pragma once

#include <cstdint>
#include <optional>

#include "comm/message.h"

namespace lethe::comm {

struct Received {
  int source = 0;
  Message message;
};

/// Point-to-point messages between the ranks of a sweep. Messages of one sender to one receiver arrive in order.
/// Nothing blocks; a lost message costs time, never data.
class Channel {
 public:
  virtual ~Channel() = default;

  [[nodiscard]] virtual int rank() const = 0;
  [[nodiscard]] virtual int size() const = 0;

  /// Queues a message; the channel numbers it. A rank may send to itself. Throws `core::CommError` on a bad peer.
  virtual void send(int peer, Message message) = 0;

  /// Next message, if one has arrived. Throws `core::CommError` on garbage, which is then dropped: polling goes on.
  virtual std::optional<Received> poll() = 0;

  /// Messages queued here that have not left yet. `poll` moves them along.
  [[nodiscard]] virtual std::size_t num_unsent() const = 0;
};

}  // namespace lethe::comm
