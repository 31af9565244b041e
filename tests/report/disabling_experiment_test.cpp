#include "report/disabling_experiment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "ledger/ownership.h"
#include "tests/report/fake_sweep.h"

namespace lethe::report {
namespace {

namespace fs = std::filesystem;
using test::message_of;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

/// Records 5001 to 5200 as a fake sweep edits them, of which two orders hold 100 each.
class DisablingExperiment : public testing::Test {
 protected:
  DisablingExperiment() {
    auto records = nlohmann::json::array();
    auto orders = nlohmann::json::object();
    for (int id = 5001; id <= 5200; ++id) {
      records.push_back({{"case_id", id},
                         {"requested_rewrite",
                          {{"prompt", id == 5005 ? "\"{}\" is" : "{} is"},
                           {"subject", "S" + std::to_string(id)},
                           {"target_new", {{"str", "new"}}},
                           {"target_true", {{"str", "true"}}}}},
                         {"paraphrase_prompts", nlohmann::json::array()},
                         {"neighborhood_prompts", nlohmann::json::array()}});
      orders[id <= 5100 ? "0" : "7"].push_back(id);
    }
    config_.dataset.records = world_.write("records.json", records.dump());
    config_.dataset.samples = world_.write("samples.json", orders.dump());
    options_.sweep = world_ / "sweep";
    options_.num_normal = 10;
  }

  void commit_sweep(fake::Fate fate, std::int64_t until = 100) {
    fake::write_experiment(sweep_, config_);
    ledger::replace_text(sweep_.inspection(), core::to_json(fake::inspection(config_)));
    fake::commit_baseline(sweep_, config_, "tiny");
    for (const auto& cell : config_.cells) fake::commit_cell(sweep_, config_, cell, fate, until);
  }
  Selection selected() const { return select_cases(config_, options_, editing::catalogue()); }
  std::string refusal() const {
    return message_of<core::ConfigError>([&] { static_cast<void>(selected()); });
  }
  fs::path prepare() const { return prepare_single_edits(config_, options_, editing::catalogue()); }
  static std::vector<std::int64_t> ids(const Selection& selection, bool is_chosen) {
    std::vector<std::int64_t> ids;
    for (const auto& one : selection.cases) {
      if (one.is_chosen() == is_chosen) ids.push_back(one.case_id);
    }
    return ids;
  }

  test::TemporaryFolder world_;
  ledger::SweepFolder sweep_{world_ / "sweep"};
  core::ExperimentConfig config_ = fake::experiment({"rome"}, {"tiny"}, 1, 100);
  DisablingOptions options_;
};

TEST_F(DisablingExperiment, TakesTheEditThatTheReportNames) {
  commit_sweep({0.002, 0.1, 100'000, 61});
  const auto selection = selected();
  EXPECT_THAT(ids(selection, true), ElementsAre(5061));
  EXPECT_EQ(selection.cases[0].subject, "S5061");
  EXPECT_EQ(selection.cases[0].found, "behind rome/tiny/sample0's point (edit 61)");
  EXPECT_EQ(selection.seed, config_.seed);
}

TEST_F(DisablingExperiment, RandomOnesAreOfTheOrdersOfTheGridAndCanBeEdited) {
  options_.cases = {5002, 5001, 5002};
  options_.sweep.reset();
  options_.num_normal = 97;
  const auto selection = selected();
  EXPECT_THAT(ids(selection, true), ElementsAre(5001, 5002));
  EXPECT_THAT(ids(selection, false), AllOf(testing::SizeIs(97), Each(testing::Le(5100)), Each(testing::Ne(5005))));
  options_.num_normal = 98;
  EXPECT_THAT(refusal(), HasSubstr("hold 97 cases beside the chosen ones, fewer than --normal 98; ask for fewer"));
}

TEST_F(DisablingExperiment, SaysWhatIsMissing) {
  EXPECT_THAT(refusal(), AllOf(HasSubstr("sweep/experiment.json"), HasSubstr("name edits with --cases")));
  commit_sweep({0.0, 0.1, 100'000, 0}, 40);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("no cell has a point"), HasSubstr("--largest K"), HasSubstr("--cases")));
  options_.cases = {9};
  EXPECT_THAT(refusal(), AllOf(HasSubstr("records.json: has no record of case 9 (named)")));
}

TEST_F(DisablingExperiment, FindsNoOtherEditWhereAFileIsDamaged) {
  commit_sweep({0.002, 0.1, 100'000, 61});
  const auto cell = sweep_.cell(config_.cells[0], fake::kEditIdentity);
  const auto segment = ledger::find_committed(cell, ledger::segment_stem(61, 70));
  ASSERT_TRUE(segment);
  std::ofstream(segment->path, std::ios::app) << "x";
  for (const std::int64_t num_largest : {0, 1}) {
    options_.num_largest = num_largest;
    EXPECT_THAT(refusal(), AllOf(HasSubstr(segment->path.filename().string()), HasSubstr("--cases alone")));
  }
}

TEST_F(DisablingExperiment, TakesTheLargestUpdatesAndNamedOnes) {
  commit_sweep({0.0, 0.1, 100'000, 61}, 70);
  options_.num_largest = 1;
  options_.cases = {5061, 5003};
  const auto selection = selected();
  ASSERT_THAT(ids(selection, true), ElementsAre(5003, 5061));
  EXPECT_EQ(selection.cases[1].found, "named; update norm 50 in rome/tiny/sample0 (edit 61)");
}

TEST_F(DisablingExperiment, KeepsThatEditsWereChosenAmongThoseOfAnUnfinishedSweep) {
  commit_sweep({0.0, 0.1, 100'000, 61}, 70);
  options_.num_largest = 1;
  const std::string note = "rome/tiny/sample0: 70 of 100 edits are committed; edits are chosen among these";
  EXPECT_THAT(selection_from_json(test::read_text(prepare() / kSelectionFile), "s").notes, ElementsAre(note));
  commit_sweep({0.0, 0.1, 100'000, 61});
  EXPECT_THAT(selected().notes, testing::IsEmpty());
}

TEST_F(DisablingExperiment, IsACellAnEditWhoseSampleIsItsCase) {
  config_.texts_every = 10;
  config_.monitor_every = std::nullopt;
  const Selection selection{1, {{5061, "a", "named"}, {5002, "b", ""}}};
  const auto experiment = single_edit_experiment(config_, options_, selection, "/x");
  ASSERT_EQ(experiment.cells.size(), 2U);
  EXPECT_EQ(experiment.cells[0].name(), "rome/tiny/sample5061");
  EXPECT_EQ(experiment.cells[1].name(), "rome/tiny/sample5002");
  EXPECT_EQ(experiment.edits.at(experiment.cells[1]), 1);
  EXPECT_EQ(experiment.name, "fake-disabling");
  EXPECT_EQ(experiment.dataset.samples, "/x/samples.json");
  EXPECT_EQ(experiment.tasks, config_.tasks);
  EXPECT_THAT(
      core::parts_due(experiment, experiment.cells[0], 1),
      ElementsAre(core::ReductionPart::kDistance, core::ReductionPart::kForgetting, core::ReductionPart::kTasks));
  EXPECT_EQ(core::experiment_config_from_json(core::to_json(experiment), editing::catalogue()), experiment);
}

TEST_F(DisablingExperiment, TakesVariantsOfItsMethodsWhateverTheirLabels) {
  auto& methods = config_.models[0].methods;
  methods.insert_or_assign("wide-rome", editing::method_config(editing::RomeConfig{}));
  methods.insert_or_assign("rome-like-ft", editing::method_config(editing::FineTuneConfig{}, "ft-c"));
  const auto experiment = single_edit_experiment(config_, options_, {1, {{5061, "a", "named"}}}, "/x");
  std::vector<std::string> labels;
  for (const auto& cell : experiment.cells) labels.push_back(cell.method);
  EXPECT_THAT(labels, ElementsAre("rome", "wide-rome"));
}

TEST_F(DisablingExperiment, RefusesMethodsAndModelsThatTheConfigHasNot) {
  const auto said = [&] {
    return message_of<core::ConfigError>([&] { single_edit_experiment(config_, options_, {1, {}}, "/x"); });
  };
  options_.methods = {"rone"};
  EXPECT_THAT(said(), AllOf(HasSubstr("--method rone: "), HasSubstr("did you mean \"rome\"?")));
  options_.methods.clear();
  options_.models = {"tinny"};
  EXPECT_THAT(said(), AllOf(HasSubstr("--model tinny: "), HasSubstr("did you mean \"tiny\"?")));
  options_.models.clear();
  config_ = fake::experiment({"ft-c"}, {"tiny"}, 1, 10);
  EXPECT_THAT(said(), HasSubstr("no model has settings of rome, r-rome or memit; name methods"));
}

TEST_F(DisablingExperiment, WritesAFolderThatASweepTakesWithThePrerequisitesOfTheOther) {
  commit_sweep({0.002, 0.1, 100'000, 61});
  const auto folder = prepare();
  EXPECT_EQ(folder, world_ / "sweep-disabling");
  const auto selection = selection_from_json(test::read_text(folder / kSelectionFile), "s");
  EXPECT_EQ(selection, selected());
  const auto config = core::load_experiment_config(folder / kConfigFile, editing::catalogue());
  EXPECT_EQ(config.cells.size(), selection.cases.size());
  EXPECT_EQ(nlohmann::json::parse(test::read_text(folder / kOrdersFile)).at("5061"), nlohmann::json::array({5061}));
  const auto place = ledger::prerequisite_folder(ledger::kBaselineFolder, "tiny", fake::kBaselineIdentity);
  const auto baseline = ledger::find_committed(sweep_.root() / place, ledger::kBaselineStem);
  EXPECT_TRUE(fs::equivalent(baseline->path, folder / place / baseline->path.filename())) << "linked, not copied";
}

TEST_F(DisablingExperiment, WritesNothingWhereItIsThereAlready) {
  commit_sweep({0.002, 0.1, 100'000, 61});
  const auto folder = prepare();
  const auto claim = ledger::claim_ownership(folder / "owners", ledger::kSweepKey, {});
  ASSERT_TRUE(claim.ownership);
  EXPECT_EQ(prepare(), folder) << "a sweep that is at work is not disturbed by the same question";
  options_.num_normal = 11;
  EXPECT_THAT(message_of<core::OwnedError>([&] { prepare(); }), HasSubstr("a sweep is running in this folder"));
}

TEST_F(DisablingExperiment, LeavesTheFolderOfAnotherSweepAlone) {
  commit_sweep({0.002, 0.1, 100'000, 61});
  options_.out = sweep_.root();
  EXPECT_THAT(message_of<core::ConfigError>([&] { prepare(); }),
              HasSubstr("is the folder of another sweep; choose another --out"));
  EXPECT_FALSE(fs::exists(sweep_.root() / kSelectionFile));
}

}  // namespace
}  // namespace lethe::report
