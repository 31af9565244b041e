#include "data/python_random.h"

#include <numeric>
#include <vector>

#include <gmock/gmock.h>

#include "data/counterfact.h"

namespace lethe::data {
namespace {

using ::testing::ElementsAre;

// Numbers of CPython 3.12's random.Random(37).
TEST(PythonRandom, DrawsPythonsNumbers) {
  PythonRandom random(37);
  EXPECT_EQ(random.next(), 2929187291U);
  EXPECT_EQ(random.next(), 2610295353U);
  EXPECT_EQ(random.next(), 393430179U);
  EXPECT_EQ(random.next(), 4017140928U);
  std::uint32_t last = 0;
  for (int i = 4; i < 1000; ++i) last = random.next();
  EXPECT_EQ(last, 1288307989U) << "after the state was refilled";
}

TEST(PythonRandom, ShufflesAsPythonDoes) {
  PythonRandom random(37);
  std::vector<int> values(10);
  std::iota(values.begin(), values.end(), 0);
  random.shuffle(std::span(values));
  EXPECT_THAT(values, ElementsAre(4, 8, 6, 7, 3, 2, 5, 0, 1, 9));
  EXPECT_EQ(random.next(), 2579850950U) << "as many draws as Python makes";
  std::vector<int> nothing;
  random.shuffle(std::span(nothing));
}

TEST(PublishedOrders, ShuffleTheFirstRecordOfEachSubject) {
  std::vector<EditRequest> records(11);
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].case_id = static_cast<std::int64_t>(i);
    records[i].subject = "Subject " + std::to_string(i);
  }
  records[10].subject = "SUBJECT 3";
  const auto orders = published_orders(records, 2);
  ASSERT_EQ(orders.size(), 2U);
  EXPECT_THAT(orders.at(0), ElementsAre(4, 8, 6, 7, 3, 2, 5, 0, 1, 9));
  EXPECT_NE(orders.at(1), orders.at(0)) << "shuffled again, from where the first ended";
}

}  // namespace
}  // namespace lethe::data
