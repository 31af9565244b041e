#pragma once

#include <memory>

#include "comm/channel.h"

namespace lethe::comm {

/// Channel over a duplicate of MPI_COMM_WORLD. Sends are `MPI_Isend`s of owned buffers, at most a few at a time to
/// each peer (the rest waits here); receives are matched probes. No collective is called after construction.
class MpiChannel final : public Channel {
 public:
  MpiChannel();  ///< collective
  /// Frees what is complete. Unfinished sends are left to MPI; their buffers are leaked on purpose, as MPI still
  /// reads them.
  ~MpiChannel() override;
  MpiChannel(const MpiChannel&) = delete;
  MpiChannel& operator=(const MpiChannel&) = delete;

  [[nodiscard]] int rank() const override;
  [[nodiscard]] int size() const override;
  void send(int peer, Message message) override;
  std::optional<Received> poll() override;
  [[nodiscard]] std::size_t num_unsent() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lethe::comm
