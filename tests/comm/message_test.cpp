#include "comm/message.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random_stream.h"

namespace lethe::comm {
namespace {

Message sample_message() { return {MessageType::kAssign, 7, 12345678901234567ULL, "{\"task\":\"edit\"}"}; }

TEST(Message, ComesBackAsItWasSent) {
  for (const auto& payload : {std::string(), std::string("{}"), std::string("\0\xff\n binary", 10)}) {
    auto message = sample_message();
    message.payload = payload;
    EXPECT_EQ(decode(encode(message)), message);
  }
}

TEST(Message, HeaderLayoutIsFixed) {
  const auto bytes = encode(sample_message());
  ASSERT_EQ(bytes.size(), kHeaderBytes + sample_message().payload.size());
  EXPECT_EQ(std::to_integer<char>(bytes[0]), 'L');
  EXPECT_EQ(std::to_integer<char>(bytes[3]), 'H');
  EXPECT_EQ(std::to_integer<int>(bytes[6]), static_cast<int>(MessageType::kAssign));
  EXPECT_EQ(std::to_integer<int>(bytes[8]), 7);
}

TEST(Message, EveryTruncationIsRefused) {
  const auto bytes = encode(sample_message());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_THROW(decode(std::span(bytes).first(length)), core::CommError) << length;
  }
}

TEST(Message, AppendedBytesAreRefused) {
  auto bytes = encode(sample_message());
  bytes.push_back(std::byte{0});
  EXPECT_THROW(decode(bytes), core::CommError);
}

TEST(Message, EveryFlippedBitIsRefused) {
  const auto bytes = encode(sample_message());
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    auto damaged = bytes;
    damaged[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_THROW(decode(damaged), core::CommError) << bit;
  }
}

TEST(Message, RandomBytesAreRefused) {
  core::RandomStream random(1, "message fuzz");
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::byte> bytes(random.next() % 200);
    for (auto& byte : bytes) byte = static_cast<std::byte>(random.next());
    EXPECT_THROW(decode(bytes), core::CommError);
  }
}

TEST(Message, UnknownTypeWithValidChecksumIsRefused) {
  auto message = sample_message();
  constexpr int kBehindTheLast = static_cast<int>(MessageType::kStopTask) + 1;
  for (const int word : {0, kBehindTheLast, 65535}) {
    message.type = static_cast<MessageType>(word);
    EXPECT_THROW(decode(encode(message)), core::CommError) << word;
  }
}

TEST(Message, OversizedPayloadIsRefusedBySender) {
  auto message = sample_message();
  message.payload.assign(kMaxPayloadBytes + 1, 'x');
  EXPECT_THROW(encode(message), core::CommError);
}

}  // namespace
}  // namespace lethe::comm
