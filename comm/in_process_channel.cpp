#include "comm/in_process_channel.h"

#include <deque>
#include <mutex>
#include <string>

#include "core/error.h"
#include "core/fault.h"

namespace lethe::comm {
namespace {

struct Letter {
  int source = 0;
  std::vector<std::byte> bytes;
};

class Mailbox {
 public:
  void put(Letter letter) {
    const std::scoped_lock lock(mutex_);
    letters_.push_back(std::move(letter));
  }
  std::optional<Letter> take() {
    const std::scoped_lock lock(mutex_);
    if (letters_.empty()) return std::nullopt;
    auto letter = std::move(letters_.front());
    letters_.pop_front();
    return letter;
  }

 private:
  std::mutex mutex_;
  std::deque<Letter> letters_;
};

class InProcessChannel final : public Channel {
 public:
  InProcessChannel(int rank, std::shared_ptr<std::vector<Mailbox>> mailboxes)
      : rank_(rank), mailboxes_(std::move(mailboxes)) {}

  [[nodiscard]] int rank() const override { return rank_; }
  [[nodiscard]] int size() const override { return static_cast<int>(mailboxes_->size()); }

  void send(int peer, Message message) override {
    if (peer < 0 || peer >= size()) {
      throw core::CommError("rank " + std::to_string(peer) + " of " + std::to_string(size()) + " does not exist");
    }
    core::fault_point("message.send");
    message.sequence = ++num_sent_;
    (*mailboxes_)[static_cast<std::size_t>(peer)].put({rank_, encode(message)});
  }

  std::optional<Received> poll() override {
    const auto letter = (*mailboxes_)[static_cast<std::size_t>(rank_)].take();
    if (!letter) return std::nullopt;
    core::fault_point("message.take");
    return Received{letter->source, decode(letter->bytes)};
  }

  [[nodiscard]] std::size_t num_unsent() const override { return 0; }

 private:
  int rank_;
  std::uint64_t num_sent_ = 0;
  std::shared_ptr<std::vector<Mailbox>> mailboxes_;
};

}  // namespace

std::vector<std::unique_ptr<Channel>> connect_in_process(int num_ranks) {
  if (num_ranks < 1) throw core::CommError("a sweep needs at least one rank");
  auto mailboxes = std::make_shared<std::vector<Mailbox>>(static_cast<std::size_t>(num_ranks));
  std::vector<std::unique_ptr<Channel>> channels;
  for (int rank = 0; rank < num_ranks; ++rank) {
    channels.push_back(std::make_unique<InProcessChannel>(rank, mailboxes));
  }
  return channels;
}

}  // namespace lethe::comm
