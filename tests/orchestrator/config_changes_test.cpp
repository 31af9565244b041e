#include "orchestrator/display/config_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/orchestrator/fakes.h"
#include "tests/orchestrator/small_experiment.h"

namespace lethe::orchestrator {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::FakeLedger;
using ::testing::HasSubstr;
using testing::make_config;
using testing::make_inspection;
using ::testing::Not;
using testing::SmallExperiment;

/// Everything of the small experiment is committed, then its config changes.
class ConfigChanges : public ::testing::Test {
 protected:
  ConfigChanges() {
    former_.config = make_config(before_);
    former_.inspection = inspection_of(former_.config);
    for (const auto& cell : former_.config.cells) ledger_.complete(former_.config, cell, before_.edits);
  }

  static core::Inspection inspection_of(const core::ExperimentConfig& config) {
    auto inspection = make_inspection(config);
    for (const auto& task : config.tasks) {
      inspection.tasks.push_back(
          {task.name,
           "id-" + task.name + task.prefix,
           {{"task." + task.name + ".prefix", task.prefix}, {"task." + task.name + ".query", task.query}}});
    }
    return inspection;
  }

  std::vector<std::string> changes(const core::ExperimentConfig& config) {
    return describe_changes(former_, config, inspection_of(config), ledger_);
  }

  SmallExperiment before_;
  FormerRun former_;
  FakeLedger ledger_;
};

constexpr const char* kNothingAgain = "of what is edited already, nothing is evaluated again";

TEST_F(ConfigChanges, NoneAreSaid) {
  EXPECT_THAT(changes(former_.config), ElementsAre("the config asks for what it asked before", kNothingAgain));
}

TEST_F(ConfigChanges, OfKeysShowBothValues) {
  auto config = former_.config;
  config.threads = 3;
  config.models.front().path = "/elsewhere/gpt2";
  config.source = "/other/name.yaml";
  EXPECT_THAT(changes(config), ElementsAre(HasSubstr("models.small-gpt2.path: "), "threads: 1 -> 3", kNothingAgain));
}

TEST_F(ConfigChanges, OfTheGridNameCellsAndEdits) {
  auto now = before_;
  now.methods = {"rome", "memit"};
  now.edits = 100;
  EXPECT_THAT(changes(make_config(now)),
              ElementsAre("new in the grid: memit/small-gpt2/sample0, memit/small-gpt2/sample1, "
                          "memit/small-gptj/sample0, memit/small-gptj/sample1",
                          HasSubstr("no longer in the grid: ft-c/small-gpt2/sample0"),
                          HasSubstr("edits 60 -> 100: rome/small-gpt2/sample0, "), kNothingAgain));
  now.methods = before_.methods;
  now.edits = 30;
  EXPECT_THAT(changes(make_config(now)), Contains(HasSubstr("and 4 more; edits beyond that stay in their files")));
}

/// A batch that the end cut short, or an order that became longer, gives other edits: nothing goes on.
TEST_F(ConfigChanges, OfEditsWithOtherSettingsDoNotGoOn) {
  auto now = before_;
  now.edits = 100;
  const auto config = make_config(now);
  auto inspection = inspection_of(config);
  inspection.cells.front().edit_identity = "eeeeeeeeeeee";
  const auto name = inspection.cells.front().cell.name();
  EXPECT_THAT(
      describe_changes(former_, config, inspection, ledger_),
      ElementsAre("edits of other settings: " + name + "; what is committed of them does not go on",
                  AllOf(HasSubstr("edits 60 -> 100: "), HasSubstr("they go on"), Not(HasSubstr(name))), kNothingAgain));
}

TEST_F(ConfigChanges, OfTasksNameThemAndWhatIsOther) {
  auto config = former_.config;
  config.tasks.front().prefix = "other words ";
  auto added = config.tasks.front();
  added.name = "cola";
  config.tasks.push_back(added);
  // Under the identity of another list no tasks are committed.
  for (auto& [cell, ledger] : ledger_.cells) {
    std::erase_if(ledger.reductions, [](const auto& one) { return one.second == core::ReductionPart::kTasks; });
  }
  EXPECT_THAT(changes(config), ElementsAre("task sentiment: other prefix: it is asked again", "task cola: new",
                                           "of what is edited already, evaluated: tasks at 16 checkpoint(s)",
                                           "  (of tasks, those alone that the same models were not asked before)"));
  config.tasks = {added};
  EXPECT_THAT(changes(config), Contains("task sentiment: left out; its answers stay in their files"));
}

TEST_F(ConfigChanges, OfIntervalsCountWhatBecomesDue) {
  auto config = former_.config;
  config.tasks_every = 20;
  // Of 8 cells after 20 and 40 edits; 60 was due before.
  for (auto& [cell, ledger] : ledger_.cells) {
    EXPECT_EQ(ledger.reductions.count({20, core::ReductionPart::kTasks}), 0U) << cell.name();
  }
  EXPECT_THAT(changes(config),
              ElementsAre("tasks_every: 30 -> 20", "of what is edited already, evaluated: tasks at 16 checkpoint(s)",
                          HasSubstr("(of tasks")));
}

}  // namespace
}  // namespace lethe::orchestrator
