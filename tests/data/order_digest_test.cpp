#include "data/order_digest.h"

#include <vector>

#include <gtest/gtest.h>

namespace lethe::data {
namespace {

EditRequest record(std::int64_t case_id) {
  EditRequest made;
  made.case_id = case_id;
  made.prompt = "{} is in";
  made.subject = "Tamfas " + std::to_string(case_id);
  made.target_new = "Rome";
  made.target_true = "Lima";
  made.paraphrase_prompts = {"Where"};
  made.neighborhood_prompts = {"Near"};
  return made;
}

std::string digest_of(const std::vector<EditRequest>& records, const std::vector<std::int64_t>& order) {
  return order_digest(requests_by_case(records), order);
}

TEST(OrderDigest, IsOfTheOrderAndOfWhatEditsAndScoresRead) {
  const std::vector<EditRequest> records{record(1), record(2), record(3)};
  const auto digest = digest_of(records, {1, 2});
  EXPECT_EQ(digest_of({record(2), record(1)}, {1, 2}), digest) << "where records lie, and others, do not count";
  EXPECT_NE(digest_of(records, {2, 1}), digest);
  EXPECT_NE(digest_of(records, {1, 2, 3}), digest) << "of the whole order";
  EXPECT_NE(digest_of({record(1)}, {1, 2}), digest);
  for (auto change :
       {+[](EditRequest& made) { made.prompt = "{} lies in"; }, +[](EditRequest& made) { made.subject = "Jorver"; },
        +[](EditRequest& made) { made.target_new = "Oslo"; }, +[](EditRequest& made) { made.target_true = "Oslo"; },
        +[](EditRequest& made) { made.paraphrase_prompts.clear(); },
        +[](EditRequest& made) { made.neighborhood_prompts.emplace_back("By"); },
        +[](EditRequest& made) { made.neighborhood_target = "Bern"; }}) {
    auto others = records;
    change(others[1]);
    EXPECT_NE(digest_of(others, {1, 2}), digest);
    EXPECT_EQ(digest_of(others, {1, 3}), digest_of(records, {1, 3}));
  }
}

TEST(TextPromptsDigest, IsOfThePromptsOfTheFirstFactsAlone) {
  std::vector<EditRequest> records{record(1), record(2)};
  const std::vector<std::int64_t> order{1, 2};
  const auto digest_for = [&](std::int64_t facts) {
    return text_prompts_digest(requests_by_case(records), order, facts);
  };
  const auto of_one = digest_for(1);
  const auto of_two = digest_for(2);
  EXPECT_NE(of_one, of_two);
  EXPECT_EQ(digest_for(3), of_two) << "there are no more";
  records[1].target_new = "Oslo";
  EXPECT_EQ(digest_for(2), of_two) << "no text is written behind a target";
  records[1].generation_prompts = {"Tamfas is known for"};
  EXPECT_EQ(digest_for(1), of_one);
  EXPECT_NE(digest_for(2), of_two);
}

}  // namespace
}  // namespace lethe::data
