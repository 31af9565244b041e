// Run by mpirun at several rank counts; every rank runs every test.
#include "comm/mpi_channel.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "comm/mpi_environment.h"
#include "core/error.h"

namespace lethe::comm {
namespace {

Channel* channel = nullptr;  // one for all tests: its construction is collective

/// Next message of a type; others that come first are kept for whoever asks for them.
std::optional<Received> wait_for(MessageType type) {
  static std::deque<Received> others;
  const auto kept = std::find_if(others.begin(), others.end(), [&](const auto& r) { return r.message.type == type; });
  if (kept != others.end()) {
    auto received = std::move(*kept);
    others.erase(kept);
    return received;
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < end) {
    auto received = channel->poll();
    if (received && received->message.type == type) return received;
    if (received) others.push_back(std::move(*received));
    if (!received) std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return std::nullopt;
}

/// All ranks have received what they wait for before the next test begins: rank 0 collects and releases.
void meet() {
  if (channel->rank() != 0) {
    channel->send(0, {MessageType::kBye, 0, 0, ""});
    ASSERT_TRUE(wait_for(MessageType::kQuit).has_value());
    return;
  }
  for (int i = 1; i < channel->size(); ++i) ASSERT_TRUE(wait_for(MessageType::kBye).has_value());
  for (int peer = 1; peer < channel->size(); ++peer) channel->send(peer, {MessageType::kQuit, 0, 0, ""});
}

TEST(MpiChannel, ARankMaySendToItself) {
  channel->send(channel->rank(), {MessageType::kHello, 0, 3, "me"});
  const auto received = wait_for(MessageType::kHello);
  ASSERT_TRUE(received.has_value());
  EXPECT_EQ(received->source, channel->rank());
  EXPECT_EQ(received->message.epoch, 3U);
  EXPECT_EQ(received->message.payload, "me");
  meet();
}

TEST(MpiChannel, MessagesOfOneSenderStayInOrderBeyondTheCap) {
  constexpr int kNumMessages = 300;
  if (channel->rank() != 0) {
    for (int i = 0; i < kNumMessages; ++i) channel->send(0, {MessageType::kEvent, 0, 0, std::to_string(i)});
    meet();
    return;
  }
  std::map<int, int> next;
  for (int i = 0; i < kNumMessages * (channel->size() - 1); ++i) {
    const auto received = wait_for(MessageType::kEvent);
    ASSERT_TRUE(received.has_value());
    ASSERT_EQ(received->message.payload, std::to_string(next[received->source]++));
  }
  meet();
}

TEST(MpiChannel, LargeMessagesArriveWhole) {
  std::string payload(3'000'000, 'a');
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>('a' + i % 23);
  if (channel->rank() == 0) {
    for (int peer = 1; peer < channel->size(); ++peer) channel->send(peer, {MessageType::kWelcome, 0, 0, payload});
  } else {
    const auto received = wait_for(MessageType::kWelcome);
    ASSERT_TRUE(received.has_value());
    EXPECT_EQ(received->message.payload, payload);
  }
  meet();
}

TEST(MpiChannel, RefusesUnknownPeers) {
  EXPECT_THROW(channel->send(channel->size(), {}), core::CommError);
  EXPECT_THROW(channel->send(-1, {}), core::CommError);
  meet();
}

}  // namespace
}  // namespace lethe::comm

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  lethe::comm::MpiEnvironment environment;
  int failed = 0;
  {
    const auto owned = environment.make_channel();
    lethe::comm::channel = owned.get();
    failed = RUN_ALL_TESTS();
    while (owned->num_unsent() > 0) static_cast<void>(owned->poll());
  }
  environment.finalize(1);
  return failed;
}
