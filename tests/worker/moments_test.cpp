#include "worker/moments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "core/error.h"
#include "storage/comparison.h"
#include "storage/second_moment_file.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_world.h"
#include "worker/commands/verify.h"
#include "worker/moments_notes.h"
#include "worker/planning/prerequisite_kinds.h"

namespace lethe::worker {
namespace {

namespace fs = std::filesystem;

const core::PrerequisiteTask kMomentsTask{kMomentsKind, "tiny-gpt2"};
core::PrerequisiteTask slice_task(std::int64_t slice) { return {kMomentsKind, "tiny-gpt2", slice}; }

/// Counts batches, and asks to stop after some of them.
class BatchMonitor final : public TaskMonitor {
 public:
  explicit BatchMonitor(int stop_after_batches = -1) : stop_after_batches_(stop_after_batches) {}
  void progress(std::string_view stage, std::int64_t done, std::int64_t total, double) override {
    if (stage != "moments") return;
    ++num_batches;
    EXPECT_LE(done, total);
  }
  void committed(const fs::path& file, std::int64_t) override { files.push_back(file.filename()); }
  [[nodiscard]] bool should_stop() const override {
    return stop_after_batches_ >= 0 && num_batches >= stop_after_batches_;
  }

  int num_batches = 0;
  std::vector<std::string> files;

 private:
  int stop_after_batches_;
};

class Moments : public testing::Test {
 protected:
  explicit Moments(int documents_per_slice = 25, const std::string& methods = "[rome]") {
    test::TinyWorldOptions options;
    options.methods = methods;
    options.documents_per_slice = documents_per_slice;
    config_path_ = test::write_tiny_world(world_.path(), options);
  }
  Workspace workspace(const std::string& out, const std::function<void(core::SecondMomentConfig&)>& change = {}) {
    auto config = test::load_config(config_path_);
    auto& model = config.models.front();
    if (change) change(*model.second_moments);
    return {std::move(config), world_.path() / out};
  }
  static fs::path folder(Workspace& work) { return work.prerequisite_folder(kMomentsKind, "tiny-gpt2"); }
  static ledger::CommittedFile layer_file(const fs::path& folder) {
    for (const auto& file : ledger::committed_files(folder)) {
      if (file.stem == ledger::moments_stem(0)) return file;
    }
    ADD_FAILURE() << "no second moments in " << folder;
    return {};
  }
  storage::SecondMomentContents run(const std::string& out,
                                    const std::function<void(core::SecondMomentConfig&)>& change = {}) {
    auto work = workspace(out, change);
    BatchMonitor monitor;
    EXPECT_TRUE(run_moments(work, kMomentsTask, monitor));
    return storage::read_second_moment(layer_file(folder(work)).path);
  }

  test::TemporaryFolder world_;
  fs::path config_path_;
};

TEST_F(Moments, AreTheSameToTheBitHoweverTheSlicesWereRun) {
  const auto alone = run("alone");
  EXPECT_EQ(alone.num_documents, 60);
  auto work = workspace("spread");
  BatchMonitor monitor;
  for (const std::int64_t slice : {2, 0, 1}) ASSERT_TRUE(run_moments(work, slice_task(slice), monitor));
  ASSERT_EQ(ledger::committed_moment_slices(folder(work) / "slices").size(), 3U);
  const int num_batches = monitor.num_batches;
  ASSERT_TRUE(run_moments(work, kMomentsTask, monitor));
  EXPECT_EQ(monitor.num_batches, num_batches + 3) << "the last step adds three files and computes nothing";
  const auto spread = storage::read_second_moment(layer_file(folder(work)).path);
  EXPECT_EQ(spread.values, alone.values);
  EXPECT_EQ(spread.count, alone.count);
  EXPECT_EQ(spread.num_documents, 60);
}

TEST_F(Moments, StateTheirConditionAndTheTokensCut) {
  const auto alone = run("alone");
  const auto matrix = torch::from_blob(const_cast<double*>(alone.values.data()), {alone.inner_width, alone.inner_width},
                                       torch::kFloat64);
  const auto eigenvalues = torch::linalg_eigvalsh(matrix);
  const auto expected = eigenvalues[-1].item<double>() / eigenvalues[0].item<double>();
  const auto stated = std::stod(alone.provenance.at(kConditionKey));
  EXPECT_GT(stated, 0.8 * expected);
  EXPECT_LT(stated, 1.1 * expected);
  EXPECT_EQ(alone.provenance.at(kTokensCutKey), "0 of 2400");
  const auto cut = run("cut", [](auto& moments) { moments.batch_tokens = 30; });
  EXPECT_EQ(cut.provenance.at(kTokensCutKey), "600 of 2400") << "rows of 30 tokens, documents of 40, in slices";
  auto work = workspace("cut", [](auto& moments) { moments.batch_tokens = 30; });
  const auto notes = moments_notes(work, "tiny-gpt2");
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_EQ(notes[0].find("second moments of tiny-gpt2, layer-000: condition number "), 0U) << notes[0];
  EXPECT_EQ(notes[1],
            "second moments of tiny-gpt2: 600 of 2400 tokens stood beyond the model's positions and were not summed");
}

TEST_F(Moments, RemoveTheirPartialSumsWhenTheSumIsCommitted) {
  auto work = workspace("out");
  BatchMonitor monitor;
  ASSERT_TRUE(run_moments(work, kMomentsTask, monitor));
  EXPECT_FALSE(fs::exists(folder(work) / "slices"));
  // A run that was killed between the last commit and the removal has left some behind.
  fs::create_directories(folder(work) / "slices");
  const auto left = folder(work) / "slices" / ledger::moment_slice_stem(1, 0);
  std::ofstream(left.string() + "-" + core::digest_of(std::string_view("x")).hex() + ".h5") << "x";
  monitor.files.clear();
  ASSERT_TRUE(run_moments(work, kMomentsTask, monitor));
  EXPECT_FALSE(fs::exists(folder(work) / "slices"));
  EXPECT_TRUE(monitor.files.empty());
}

TEST_F(Moments, GoOnAfterEveryInterruption) {
  const auto whole = run("whole");
  auto work = workspace("stopped");
  int num_stops = 0;
  for (; num_stops < 100; ++num_stops) {
    BatchMonitor monitor(7);  // a slice of 25 documents of 40 tokens has five batches
    if (run_moments(work, kMomentsTask, monitor)) break;
  }
  EXPECT_GE(num_stops, 2);
  EXPECT_EQ(storage::read_second_moment(layer_file(folder(work)).path).values, whole.values);
}

TEST_F(Moments, DependOnTheCutByTheirLastBitsOnly) {
  const auto sliced = run("sliced");
  const auto whole = run("whole", [](auto& config) { config.documents_per_slice = 100; });
  ASSERT_EQ(sliced.values.size(), whole.values.size());
  EXPECT_EQ(sliced.count, whole.count);
  EXPECT_NE(sliced.values, whole.values) << "other batches round otherwise, hence another identity";
  double largest = 0.0;
  double difference = 0.0;
  for (std::size_t i = 0; i < whole.values.size(); ++i) {
    largest = std::max(largest, std::abs(whole.values[i]));
    difference = std::max(difference, std::abs(sliced.values[i] - whole.values[i]));
  }
  EXPECT_LT(difference, 1e-6 * largest);
}

/// MEMIT edits two layers.
class MomentsOfTwoLayers : public Moments {
 protected:
  MomentsOfTwoLayers() : Moments(25, "[memit]") {}
};

TEST_F(MomentsOfTwoLayers, TheMemoryGivenChangesPassesAndNotBits) {
  auto at_once = workspace("at_once");
  ASSERT_EQ(at_once.moments_plan("tiny-gpt2").layers, (std::vector<int>{0, 1}));
  BatchMonitor one_pass;
  ASSERT_TRUE(run_moments(at_once, kMomentsTask, one_pass));
  auto one_by_one = workspace("one_by_one", [](auto& config) { config.memory_gb = 1e-9; });
  BatchMonitor two_passes;
  ASSERT_TRUE(run_moments(one_by_one, kMomentsTask, two_passes));
  EXPECT_GT(two_passes.num_batches, one_pass.num_batches);
  EXPECT_TRUE(compare_sweeps(at_once.folder().root(), one_by_one.folder().root(), two_passes).problems.empty());
}

TEST_F(MomentsOfTwoLayers, ALayerThatIsNeededLaterIsSummedAlone) {
  auto work = workspace("out");
  BatchMonitor monitor;
  ASSERT_TRUE(run_moments(work, kMomentsTask, monitor));
  const auto all = ledger::committed_files(folder(work));
  ASSERT_EQ(all.size(), 2U);
  const auto before = storage::read_second_moment(all.back().path);
  fs::remove(all.back().path);
  monitor.files.clear();
  ASSERT_TRUE(run_moments(work, kMomentsTask, monitor));
  const auto after = storage::read_second_moment(ledger::committed_files(folder(work)).back().path);
  EXPECT_EQ(after.layer, before.layer);
  EXPECT_EQ(after.values, before.values);
  EXPECT_EQ(monitor.files.size(), 3U + 1U) << "three slices of one layer, and its sum";
}

TEST_F(Moments, ADamagedPartIsPutAsideAndComputedAgain) {
  const auto sound = run("sound");
  auto work = workspace("damaged");
  BatchMonitor monitor;
  for (const std::int64_t slice : {0, 1, 2}) ASSERT_TRUE(run_moments(work, slice_task(slice), monitor));
  const auto part = ledger::committed_moment_slices(folder(work) / "slices").at(1).file.path;
  std::fstream(part, std::ios::in | std::ios::out | std::ios::binary).seekp(3000).put('#');
  EXPECT_THROW(run_moments(work, kMomentsTask, monitor), core::StorageError);
  EXPECT_TRUE(fs::exists(folder(work) / "slices" / "quarantine" / part.filename()));
  ASSERT_TRUE(run_moments(work, kMomentsTask, monitor));
  EXPECT_EQ(storage::read_second_moment(layer_file(folder(work)).path).values, sound.values);
}

TEST_F(Moments, JsonLinesAndPlainTextGiveTheSame) {
  const auto plain = run("plain");
  std::ifstream in(world_.path() / "corpus.txt");
  std::ofstream out(world_.path() / "corpus.jsonl");
  for (std::string line; std::getline(in, line);) {
    std::string escaped;
    for (const char c : line) {
      if (c == '"' || c == '\\') escaped += '\\';
      escaped += c;
    }
    out << "{\"id\": 1, \"text\": \"" << escaped << "\"}\n";
  }
  out.close();
  const auto lines = run("lines", [&](auto& config) { config.corpus = world_.path() / "corpus.jsonl"; });
  EXPECT_EQ(lines.values, plain.values);
}

TEST_F(Moments, StopAtTheLimitOfTokensAndOfDocuments) {
  const auto limited = run("tokens", [](auto& config) { config.max_tokens = 300; });
  EXPECT_GE(limited.count, 300);
  EXPECT_LT(limited.count, 300 + 256);
  const auto fewer = run("documents", [](auto& config) { config.max_documents = 30; });
  EXPECT_EQ(fewer.num_documents, 30);
  EXPECT_EQ(fewer.count, 30 * 40);
}

TEST_F(Moments, ACorpusWithTooFewTokensIsRefusedWithTheInputs) {
  auto few_bytes = workspace("a", [](auto& config) { config.max_documents = 1; });
  ASSERT_EQ(few_bytes.inspection().problems.size(), 1U);
  EXPECT_NE(few_bytes.inspection().problems.front().find("at most 40 tokens"), std::string::npos)
      << few_bytes.inspection().problems.front();
  auto few_tokens = workspace("b", [](auto& config) { config.max_tokens = 3, config.batch_tokens = 8; });
  ASSERT_EQ(few_tokens.inspection().problems.size(), 1U);
  auto enough = workspace("c", [](auto& config) { config.max_documents = 2; });
  EXPECT_TRUE(enough.inspection().problems.empty());
}

TEST_F(Moments, ACorpusThatChangedAfterThePlanIsNamed) {
  const auto path = world_.path() / "corpus.txt";
  const std::string whole = test::read_text(path);
  std::string other = whole;
  std::reverse(other.begin(), other.begin() + 20);
  for (const std::string& changed : {std::string("one line\n"), other}) {
    std::ofstream(path) << whole;
    auto work = workspace("out");
    static_cast<void>(work.facts());
    std::ofstream(path) << changed;
    BatchMonitor monitor;
    const auto message =
        test::message_of<core::DataError>([&] { static_cast<void>(run_moments(work, kMomentsTask, monitor)); });
    EXPECT_NE(message.find("corpus.txt: its content is not the one that identities were made from"), std::string::npos)
        << message;
  }
}

TEST_F(Moments, ASliceThatDoesNotExistIsRefused) {
  auto work = workspace("out");
  BatchMonitor monitor;
  EXPECT_THROW(run_moments(work, slice_task(3), monitor), core::ConfigError);
}

}  // namespace
}  // namespace lethe::worker
