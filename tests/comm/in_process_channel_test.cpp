#include "comm/in_process_channel.h"

#include <thread>

#include <gtest/gtest.h>

#include "core/error.h"

namespace lethe::comm {
namespace {

TEST(InProcessChannel, DeliversInOrderAndNumbersMessages) {
  const auto channels = connect_in_process(3);
  for (int i = 0; i < 5; ++i) channels[1]->send(2, {MessageType::kEvent, 0, 4, std::to_string(i)});
  for (int i = 0; i < 5; ++i) {
    const auto received = channels[2]->poll();
    ASSERT_TRUE(received.has_value());
    EXPECT_EQ(received->source, 1);
    EXPECT_EQ(received->message.payload, std::to_string(i));
    EXPECT_EQ(received->message.sequence, static_cast<std::uint64_t>(i) + 1);
    EXPECT_EQ(received->message.epoch, 4U);
  }
  EXPECT_FALSE(channels[2]->poll().has_value());
  EXPECT_FALSE(channels[0]->poll().has_value());
}

TEST(InProcessChannel, ARankMaySendToItself) {
  const auto channels = connect_in_process(1);
  channels[0]->send(0, {MessageType::kHello, 0, 0, "me"});
  EXPECT_EQ(channels[0]->poll()->message.payload, "me");
}

TEST(InProcessChannel, RefusesUnknownPeersAndEmptyWorlds) {
  const auto channels = connect_in_process(2);
  EXPECT_THROW(channels[0]->send(2, {}), core::CommError);
  EXPECT_THROW(channels[0]->send(-1, {}), core::CommError);
  EXPECT_THROW(connect_in_process(0), core::CommError);
}

TEST(InProcessChannel, WorksFromAThreadPerRank) {
  constexpr int kNumMessages = 500;
  const auto channels = connect_in_process(4);
  std::vector<std::thread> senders;
  for (std::size_t rank = 1; rank < 4; ++rank) {
    senders.emplace_back([&, rank] {
      for (int i = 0; i < kNumMessages; ++i) channels[rank]->send(0, {MessageType::kEvent, 0, 0, std::to_string(i)});
    });
  }
  std::vector<int> next(4, 0);
  for (int received = 0; received < 3 * kNumMessages;) {
    if (const auto one = channels[0]->poll()) {
      EXPECT_EQ(one->message.payload, std::to_string(next[static_cast<std::size_t>(one->source)]++));
      ++received;
    }
  }
  for (auto& sender : senders) sender.join();
}

}  // namespace
}  // namespace lethe::comm
