// Every reader either succeeds or throws a DataError, whatever the file holds.
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "data/corpus.h"
#include "data/counterfact.h"
#include "data/task_examples.h"
#include "data/unicode.h"
#include "input_file.h"

namespace lethe::data {
namespace {

struct Outcome {
  int accepted = 0;
  int refused = 0;
};

/// Reads the file as it is now; any exception but DataError, and any message that is not UTF-8, fails the test.
void read_once(const std::function<void()>& read, Outcome& outcome) {
  try {
    read();
    ++outcome.accepted;
  } catch (const core::DataError& error) {
    ++outcome.refused;
    ASSERT_EQ(first_invalid_utf8(error.what()), std::string_view::npos) << error.what();
  }
}

Outcome read_every_prefix(const std::string& bytes, InputFile& file, const std::function<void()>& read) {
  Outcome outcome;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    file.rewrite(std::string_view(bytes).substr(0, size));
    read_once(read, outcome);
  }
  return outcome;
}

Outcome read_with_flipped_bytes(const std::string& bytes, InputFile& file, const std::function<void()>& read) {
  std::mt19937 random(37);
  Outcome outcome;
  for (int trial = 0; trial < 1000; ++trial) {
    std::string damaged = bytes;
    const bool stays_text = trial % 2 == 0;
    for (int flip = 0; flip <= trial % 4; ++flip) {
      damaged[random() % damaged.size()] = static_cast<char>(stays_text ? ' ' + random() % 95 : random());
    }
    file.rewrite(damaged);
    read_once(read, outcome);
  }
  return outcome;
}

const std::string kRecords = R"([{"case_id": 1, "requested_rewrite": {"prompt": "Of {} is", "relation_id": "R",
 "target_new": {"str": "x\u00e9"}, "target_true": {"str": "ü"}, "subject": "A"}, "paraphrase_prompts": ["p"],
 "neighborhood_prompts": ["n", "m"], "generation_prompts": [], "question_prompt": "What {}?"}])";
const std::string kRecordLines =
    R"({"case_id":1,"requested_rewrite":{"prompt":"{} is","target_new":{"str":"x"},"target_true":{"str":"y"},"subject":"A"}})"
    "\n"
    R"({"case_id":2,"requested_rewrite":{"prompt":"{} is","target_new":{"str":"x"},"target_true":{"str":"y"},"subject":"B"}})"
    "\n";
const std::string kSamples = R"({"0": [1, 2, 3], "1": [4, 5]})";
const std::string kExamples = R"([{"sentence": "so é good", "label": 1, "idx": 4.5}, {"sentence": "bad", "label": 0}])";

TEST(DamagedInput, TruncatedListsAreRefusedAtEveryLength) {
  InputFile file("");
  const auto count = static_cast<int>(kRecords.size());
  EXPECT_EQ(read_every_prefix(kRecords, file, [&] { read_counterfact(file.path()); }).refused, count);
  EXPECT_EQ(read_every_prefix(kSamples, file, [&] { read_samples(file.path()); }).refused,
            static_cast<int>(kSamples.size()));
  EXPECT_EQ(read_every_prefix(kExamples, file, [&] { read_task_examples(file.path()); }).refused,
            static_cast<int>(kExamples.size()));
}

TEST(DamagedInput, TruncatedJsonLinesAreAcceptedOnlyAtTheEndOfALine) {
  InputFile file("");
  const Outcome outcome = read_every_prefix(kRecordLines, file, [&] { read_counterfact(file.path()); });
  // After either object (with and without the first one's newline); the whole file is no prefix here.
  EXPECT_EQ(outcome.accepted, 3);
}

TEST(DamagedInput, FlippedBytesNeverDoMoreThanThrow) {
  InputFile file("");
  for (const std::string& bytes : {kRecords, kRecordLines}) {
    const Outcome outcome = read_with_flipped_bytes(bytes, file, [&] { read_counterfact(file.path()); });
    EXPECT_GT(outcome.refused, 200);
    EXPECT_GT(outcome.accepted, 20);  // a flip inside a text is still JSON
  }
  EXPECT_GT(read_with_flipped_bytes(kSamples, file, [&] { read_samples(file.path()); }).refused, 200);
  EXPECT_GT(read_with_flipped_bytes(kExamples, file, [&] { read_task_examples(file.path()); }).refused, 200);
}

TEST(DamagedInput, RandomBytesAreRefused) {
  std::mt19937 random(1);
  InputFile file("");
  for (int trial = 0; trial < 500; ++trial) {
    std::string bytes(trial % 97, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    file.rewrite((trial % 2 == 0 ? "[" : "{") + bytes);
    Outcome outcome;
    read_once([&] { read_counterfact(file.path()); }, outcome);
    read_once([&] { read_samples(file.path()); }, outcome);
    read_once([&] { read_task_examples(file.path()); }, outcome);
    EXPECT_EQ(outcome.refused, 3);
    read_once([&] { read_corpus(file.path(), 10); }, outcome);
  }
}

}  // namespace
}  // namespace lethe::data
