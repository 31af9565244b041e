#include "worker/commands/tally.h"

#include <gtest/gtest.h>

namespace lethe::worker {
namespace {

TEST(Tally, IsAShareOfWhatWasAsked) {
  Tally tally;
  for (const bool is_correct : {true, false, false, false}) tally.add(is_correct);
  EXPECT_EQ(tally.percent(), 25.0);
  EXPECT_EQ(share_text(tally), "1 of 4 (25 %)");
  EXPECT_EQ(share_text(Tally{0, 3}), "0 of 3 (0 %)");
}

TEST(Tally, OfNothingIsNoShare) {
  EXPECT_EQ(Tally{}.percent(), std::nullopt);
  EXPECT_EQ(share_text(Tally{}), "0 of 0 (–)");
}

TEST(RecordShares, CountEveryRecordAlike) {
  RecordShares shares;
  shares.add({true});
  shares.add({false, false, false});
  shares.add({});
  EXPECT_EQ(shares.percent(), 50.0) << "not the 25 % of all tokens";
  EXPECT_EQ(share_text(shares), "50 % a record (1 of 4 tokens)");
}

TEST(RecordShares, OfNothingAreNoShare) {
  RecordShares shares;
  shares.add({});
  EXPECT_EQ(shares.percent(), std::nullopt);
  EXPECT_EQ(share_text(shares), "– a record (0 of 0 tokens)");
}

}  // namespace
}  // namespace lethe::worker
