// Real files, where they are at hand (LETHE_REFERENCE_DATA); numbers as algorithms.md 0 and the data's README state
// them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

#include "data/corpus.h"
#include "data/counterfact.h"
#include "data/letter_case.h"
#include "data/task_examples.h"
#include "tests/support/reference_data.h"

namespace lethe::data {
namespace {

class ReferenceData : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = test::reference_data();
    if (!std::filesystem::exists(folder_)) GTEST_SKIP() << "no reference data at " << folder_;
  }
  std::filesystem::path folder_;
};

TEST_F(ReferenceData, AllCounterfactRecordsAreRead) {
  const auto records = read_counterfact(folder_ / "counterfact/counterfact_rebuilt.jsonl");
  EXPECT_EQ(records.size(), 21919U);
  std::set<std::string> subjects;
  std::size_t starting_with_subject = 0;
  for (const EditRequest& record : records) {
    subjects.insert(to_lower(record.subject));
    starting_with_subject += record.prompt.starts_with("{}") ? 1 : 0;
    EXPECT_TRUE(can_locate_subject(record)) << record.case_id;
  }
  EXPECT_EQ(subjects.size(), 20391U);
  EXPECT_EQ(starting_with_subject, 17575U);

  const auto samples = read_samples(folder_ / "samples/counterfact_sampled_unique_10_20391.json");
  ASSERT_EQ(samples.size(), 10U);
  for (const auto& [sample, order] : samples) {
    const auto requests = select_requests(records, order, 20391, sample);
    EXPECT_EQ(requests.size(), 20391U);
  }
  EXPECT_EQ(samples.at(0)[0], 14434);
  EXPECT_EQ(samples.at(1)[0], 11534);
}

TEST_F(ReferenceData, ThePapersOrdersAreMadeFromTheRecords) {
  const auto records = read_counterfact(folder_ / "counterfact/counterfact_rebuilt.jsonl");
  EXPECT_EQ(published_orders(records), read_samples(folder_ / "samples/counterfact_sampled_unique_10_20391.json"));
}

TEST_F(ReferenceData, MendsZsreIsRead) {
  const auto records = read_zsre(folder_ / "zsre/zsre_mend_train-1k.json");
  EXPECT_EQ(records.size(), 1000U);
  EXPECT_EQ(records[0].prompt, "What is the product made by {}?");
  EXPECT_EQ(records[0].target_new, "uniform");
  EXPECT_EQ(records[0].neighborhood_target, "Walter Sobchak");
}

TEST_F(ReferenceData, OriginalRecordsAreRead) {
  const auto records = read_counterfact(folder_ / "counterfact/counterfact_500_full.json");
  ASSERT_EQ(records.size(), 500U);
  for (const EditRequest& record : records) {
    EXPECT_EQ(record.paraphrase_prompts.size(), 2U);
    EXPECT_EQ(record.neighborhood_prompts.size(), 10U);
    EXPECT_EQ(record.generation_prompts.size(), 10U);
    EXPECT_FALSE(record.relation_id.empty());
  }
}

TEST_F(ReferenceData, PapersTasksAreBalanced) {
  for (const char* task : {"sst2", "mrpc", "cola", "rte"}) {
    const TaskExamples examples = read_task_examples(folder_ / "glue/paper" / (std::string(task) + ".json"));
    ASSERT_EQ(examples.size(), 200U) << task;
    int positive = 0;
    for (const TaskExample& example : examples) positive += example.label;
    EXPECT_EQ(positive, 100) << task;
  }
}

TEST_F(ReferenceData, CorporaAreRead) {
  for (const char* corpus : {"factbook.txt", "wikitext2_test.txt"}) {
    EXPECT_EQ(read_corpus(folder_ / "corpora" / corpus, 1000).size(), 1000U);
  }
}

}  // namespace
}  // namespace lethe::data
