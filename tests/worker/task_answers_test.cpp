#include "worker/task_answers.h"

#include <gtest/gtest.h>

#include "tests/support/tiny_world.h"
#include "tests/worker/recording_monitor.h"
#include "worker/commands/cell_command.h"

namespace lethe::worker {
namespace {

namespace fs = std::filesystem;

const core::GridCell kRomeCell{"rome", "tiny-gpt2", 0};

/// A cell is edited and evaluated, then the list of tasks changes.
class TaskAnswers : public testing::Test {
 protected:
  TaskAnswers() {
    test::TinyWorldOptions options;
    options.edits = 3;
    options.checkpoint_every = 3;
    options.forgetting_every = 3;
    options.methods = "[rome]";
    config_ = test::load_config(test::write_tiny_world(world_.path(), options));
  }

  /// The tasks that are given, in the folder `out`.
  void run(const std::string& out, std::vector<core::TaskConfig> tasks) {
    auto config = config_;
    config.tasks = std::move(tasks);
    workspace_ = std::make_unique<Workspace>(std::move(config), world_.path() / out);
    test::RecordingMonitor monitor;
    ASSERT_TRUE(run_cell(*workspace_, kRomeCell, monitor));
  }

  /// The tasks reduction after the last edit, of the list that was run last.
  storage::ReductionContents tasks_of_last_edit() {
    const auto& identity = workspace_->facts().cell(kRomeCell).reduction_identities.at(core::ReductionPart::kTasks);
    for (const auto& one : ledger::scan_cell(workspace_->cell_folder(kRomeCell)).reductions) {
      if (one.part == core::ReductionPart::kTasks && one.identity == identity) {
        file_ = one.file.path;
        return storage::read_reduction(one.file.path);
      }
    }
    ADD_FAILURE() << "no tasks were asked";
    return {};
  }

  /// The same of the unedited model.
  storage::ReductionContents baseline() {
    const auto folder = workspace_->prerequisite_folder("baseline", kRomeCell.model);
    const auto files = ledger::committed_files(folder);
    return files.size() == 1 ? storage::read_reduction(files.front().path) : storage::ReductionContents{};
  }

  core::TaskConfig task_named(const std::string& name, const std::string& more_prefix = "") {
    auto task = config_.tasks.front();
    task.name = name;
    task.prefix = more_prefix + task.prefix;
    return task;
  }

  test::TemporaryFolder world_;
  core::ExperimentConfig config_;
  std::unique_ptr<Workspace> workspace_;
  fs::path file_;
};

std::string taken_over(const storage::ReductionContents& contents, const std::string& task) {
  const auto found = contents.provenance.find(storage::kTakenOverPrefix + task);
  return found == contents.provenance.end() ? std::string() : found->second;
}

void expect_equal(const core::TaskRecord& a, const core::TaskRecord& b) {
  EXPECT_EQ(a.task, b.task);
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.predictions, b.predictions);
  EXPECT_EQ(a.generated_ids, b.generated_ids);
}

TEST_F(TaskAnswers, OfTasksThatStayAreTakenOver) {
  run("grown", {task_named("first"), task_named("second", "x")});
  static_cast<void>(tasks_of_last_edit());
  const auto before = file_.filename().string();
  const std::vector now{task_named("third", "yy"), task_named("second", "xz"), task_named("first")};
  run("grown", now);
  const auto grown = tasks_of_last_edit();
  EXPECT_EQ(taken_over(grown, "first"), before);
  EXPECT_EQ(taken_over(grown, "second"), "") << "its prefix has changed";
  EXPECT_EQ(taken_over(grown, "third"), "");
  EXPECT_NE(taken_over(baseline(), "first"), "");
  EXPECT_EQ(taken_over(baseline(), "second"), "");
  const auto grown_baseline = baseline();

  run("anew", now);
  const auto anew = tasks_of_last_edit();
  EXPECT_EQ(taken_over(anew, "first"), "");
  ASSERT_EQ(grown.tasks.size(), now.size());
  ASSERT_EQ(anew.tasks.size(), now.size());
  ASSERT_EQ(grown_baseline.tasks.size(), now.size());
  for (std::size_t i = 0; i < now.size(); ++i) {
    expect_equal(grown.tasks[i], anew.tasks[i]);
    expect_equal(grown_baseline.tasks[i], baseline().tasks[i]);
  }
}

TEST_F(TaskAnswers, OfADamagedFileAreAskedAgain) {
  run("out", {task_named("first")});
  const auto sound = tasks_of_last_edit();
  fs::resize_file(file_, fs::file_size(file_) / 2);
  run("out", {task_named("first"), task_named("second")});
  const auto again = tasks_of_last_edit();
  EXPECT_EQ(taken_over(again, "first"), "");
  ASSERT_EQ(again.tasks.size(), 2U);
  expect_equal(again.tasks.front(), sound.tasks.front());
}

TEST(AnswerTasks, AskOnlyForWhatIsNotKnown) {
  core::Inspection facts;
  facts.tasks = {{"a", "aaaaaaaaaaaa", {}}, {"b", "bbbbbbbbbbbb", {}}};
  std::vector<metrics::PreparedTask> tasks(2);
  tasks[0].config.name = "a";
  tasks[1].config.name = "b";
  core::TaskRecord known_a;
  known_a.task = "a";
  known_a.predictions = {7};
  std::vector<std::string> asked;
  storage::ReductionContents contents;
  answer_tasks(
      facts, tasks, {{"aaaaaaaaaaaa", {known_a, "tasks-1.h5"}}},
      [&](const metrics::PreparedTask& task) {
        asked.push_back(task.config.name);
        core::TaskRecord record;
        record.task = task.config.name;
        return record;
      },
      contents);
  EXPECT_EQ(asked, std::vector<std::string>{"b"});
  ASSERT_EQ(contents.tasks.size(), 2U);
  EXPECT_EQ(contents.tasks[0].predictions, std::vector<std::int32_t>{7});
  EXPECT_EQ(contents.provenance.at("task_identity.b"), "bbbbbbbbbbbb");
  EXPECT_EQ(contents.provenance.at("taken_over.a"), "tasks-1.h5");
  EXPECT_FALSE(contents.provenance.contains("taken_over.b"));
}

}  // namespace
}  // namespace lethe::worker
