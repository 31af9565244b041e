#include "report/report.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/exit_code.h"
#include "data/counterfact.h"
#include "data/order_digest.h"
#include "ledger/cancelled_cells.h"
#include "ledger/collapse_file.h"
#include "ledger/durable_file.h"
#include "storage/report_file.h"
#include "storage/second_moment_file.h"
#include "storage/statement.h"
#include "tests/report/fake_sweep.h"

namespace lethe::report {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string text_of(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Two cells of 60 edits each, complete.
class Report : public testing::Test {
 protected:
  Report() {
    fake::write_experiment(folder_, config_);
    ledger::replace_text(folder_.inspection(), core::to_json(fake::inspection(config_)));
    fake::commit_baseline(folder_, config_, "tiny");
    for (const auto& cell : config_.cells) fake::commit_cell(folder_, config_, cell, {}, 60);
  }

  [[nodiscard]] ReportResult write() const { return write_report(sweep_.path(), editing::catalogue(), {false, {}}); }
  [[nodiscard]] std::string summary() const { return text_of(folder_.report() / "summary.md"); }
  [[nodiscard]] fs::path cell_folder(std::size_t index) const {
    return folder_.cell(config_.cells[index], fake::kEditIdentity);
  }
  /// The committed file of this stem.
  [[nodiscard]] fs::path file(std::size_t index, const std::string& stem) const {
    for (const auto& found : ledger::committed_files(cell_folder(index))) {
      if (found.stem == stem) return found.path;
    }
    throw std::runtime_error("no file " + stem);
  }
  static void damage(const fs::path& path) {
    std::fstream stream(path, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekp(1000);
    stream.write("damage", 6);
  }

  test::TemporaryFolder sweep_;
  ledger::SweepFolder folder_{sweep_.path()};
  core::ExperimentConfig config_ = fake::experiment({"rome"}, {"tiny"}, 2, 60);
};

TEST_F(Report, ACompleteSweepHasNoRemarks) {
  const ReportResult result = write();
  EXPECT_THAT(result.remarks.left_out, IsEmpty());
  EXPECT_THAT(result.remarks.notes, IsEmpty());
  EXPECT_THAT(summary(),
              AllOf(HasSubstr("2 of 2 cells are complete"), HasSubstr("**rome on tiny** (2 of 2 samples"),
                    HasSubstr("rome/tiny/sample1"), Not(HasSubstr("## Missing")), Not(HasSubstr("## Left out"))));
  EXPECT_THAT(result.overview, HasSubstr("| rome   | tiny"));
}

TEST_F(Report, CurvesAreTheSameInBothFiles) {
  (void)write();
  const std::string csv = text_of(folder_.report() / "curves.csv");
  const auto contents = storage::read_report_file(folder_.report() / "curves.h5");
  std::size_t num_points = 0;
  for (const auto& curve : contents.curves) num_points += curve.edits.size();
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), static_cast<std::ptrdiff_t>(num_points) + 1);
  EXPECT_TRUE(csv.starts_with("cell,method,model,sample,metric,edits,value\n"));
  EXPECT_THAT(csv, HasSubstr("\nrome/tiny/sample0,rome,tiny,0,distance.total,0,0\n"));
  EXPECT_THAT(csv, HasSubstr("\nrome/tiny/sample1,rome,tiny,1,forgetting.argmax.ever,60,"));
  EXPECT_EQ(contents.experiment, "fake");
  EXPECT_TRUE(contents.provenance.contains("config"));
}

TEST_F(Report, EveryFormOfThePageHasItsTables) {
  const ReportResult result = write();
  EXPECT_THAT(result.figures, IsEmpty());
  const std::string page = text_of(folder_.report() / "index.html");
  EXPECT_THAT(page,
              AllOf(HasSubstr("<strong>rome on tiny</strong>"), HasSubstr("<td class=\"t\">rome/tiny/sample1</td>"),
                    HasSubstr("Weighted F1"), HasSubstr(fake::kEditIdentity), HasSubstr("&quot;seed&quot;"),
                    Not(HasSubstr("<script")), Not(HasSubstr("<img"))));
  EXPECT_THAT(text_of(folder_.report() / "summary.tex"),
              AllOf(HasSubstr("rome/tiny/sample1 & 60 & "), HasSubstr("\\label{tab:lethe-overview}"),
                    HasSubstr("$\\rightarrow$"), HasSubstr("forgotten \\%")));
  EXPECT_THAT(summary(), AllOf(HasSubstr("## Provenance"), HasSubstr("paper numbers the same ones from 1")));
}

TEST_F(Report, WhatPrerequisitesSayOfThemselvesStandsInIt) {
  (void)write();
  EXPECT_THAT(summary(), Not(HasSubstr("say of themselves"))) << "none says anything";
  auto inspection = fake::inspection(config_);
  core::PrerequisiteFacts facts;
  facts.kind = "moments";
  facts.model = "tiny";
  facts.title = "second moments of tiny, layer(s) 3, 4";
  facts.folder = ledger::prerequisite_folder(ledger::kMomentsFolder, "tiny", "aaaaaaaaaaaa");
  facts.stems = {ledger::moments_stem(3), ledger::moments_stem(4)};
  inspection.prerequisites.push_back(facts);
  ledger::replace_text(folder_.inspection(), core::to_json(inspection));
  storage::SecondMomentContents moments{"tiny", "aaaaaaaaaaaa", 3, 1, 7, 1, {2.0}, {}};
  moments.provenance = {{storage::kStatementKey, "condition number 5.7e+02"}};
  fs::create_directories(sweep_.path() / facts.folder);
  ledger::commit_file(sweep_.path() / facts.folder, ledger::moments_stem(3),
                      [&](const fs::path& temporary) { storage::write_second_moment(temporary, moments); });
  EXPECT_THAT(write().remarks.left_out, IsEmpty()) << "that of layer 4 is not there yet";
  EXPECT_THAT(summary(), HasSubstr("* second moments of tiny, layer(s) 3, 4, layer-003: condition number 5.7e+02\n"));
  EXPECT_THAT(text_of(folder_.report() / "index.html"), HasSubstr("condition number 5.7e+02"));

  for (const auto& found : ledger::committed_files(sweep_.path() / facts.folder)) damage(found.path);
  std::ofstream(ledger::committed_files(sweep_.path() / facts.folder).front().path, std::ios::trunc) << "no HDF5";
  EXPECT_THAT(write().remarks.left_out, IsEmpty()) << "nothing in a report depends on it";
  EXPECT_THAT(summary(), HasSubstr("layer-003: cannot be read"));
}

TEST_F(Report, AnUnfinishedSweepIsReportedAsFarAsItIs) {
  fs::remove_all(cell_folder(1));
  fake::commit_cell(folder_, config_, config_.cells[1], {}, 30);
  fs::remove(file(1, ledger::reduction_stem(core::ReductionPart::kForgetting, 20, fake::kReductionIdentity)));
  const ReportResult result = write();
  EXPECT_THAT(result.remarks.left_out, IsEmpty());
  EXPECT_THAT(result.remarks.notes, IsEmpty());
  EXPECT_THAT(summary(), AllOf(HasSubstr("1 of 2 cells are complete"), HasSubstr("rome/tiny/sample1: 30 of 60 edits"),
                               HasSubstr("rome/tiny/sample1: 1 reductions of the edits done are missing")));
}

TEST_F(Report, ACancelledCellIsToldWithItsLastEditAndNothingOfItIsMissing) {
  config_.edits.at(config_.cells[1]) = 200;
  fake::write_experiment(folder_, config_);
  ledger::replace_text(folder_.inspection(), core::to_json(fake::inspection(config_)));
  ledger::cancel_cell(folder_, config_.cells[1], "it collapsed");
  ledger::cancel_cell(folder_, config_.cells[0], "too late");
  EXPECT_TRUE(write().remarks.left_out.empty());
  EXPECT_THAT(summary(), AllOf(HasSubstr("1 of 2 cells are complete, 1 cancelled"), HasSubstr("## Cancelled"),
                               HasSubstr("rome/tiny/sample1: after edit 60 of 200: it collapsed"),
                               Not(HasSubstr("sample0: after edit")), Not(HasSubstr("## Missing"))));
  fs::remove(file(1, ledger::reduction_stem(core::ReductionPart::kForgetting, 20, fake::kReductionIdentity)));
  (void)write();
  EXPECT_THAT(summary(), HasSubstr("rome/tiny/sample1: 1 reductions of the edits done are missing"));
  EXPECT_TRUE(ledger::restore_cell(folder_, config_.cells[1]));
  (void)write();
  EXPECT_THAT(summary(), AllOf(HasSubstr("rome/tiny/sample1: 60 of 200 edits done"), Not(HasSubstr("## Cancelled"))));
}

TEST_F(Report, ACellThatEndedAtItsCollapseIsCompleteAndTold) {
  config_.edits.at(config_.cells[1]) = 200;
  config_.stop_at_collapse = 23;
  fake::write_experiment(folder_, config_);
  ledger::replace_text(folder_.inspection(), core::to_json(fake::inspection(config_)));
  const auto end_at = [&](std::int64_t edit) {
    return ledger::commit_file(
        cell_folder(1), ledger::collapse_stem(edit),
        [&](const fs::path& temporary) { ledger::write_new_file(temporary, ledger::collapse_text(edit)); }, ".json");
  };
  const auto file = end_at(37);
  EXPECT_TRUE(write().remarks.left_out.empty());
  EXPECT_THAT(summary(), AllOf(HasSubstr("2 of 2 cells are complete"), HasSubstr("## Ended at their collapse"),
                               HasSubstr("rome/tiny/sample1: ended at edit 60 of 200: collapsed at 37"),
                               Not(HasSubstr("## Missing")), Not(HasSubstr("## Cancelled"))));
  fs::remove(file.path);
  end_at(7);  // the end is edit 30 then: what is committed beyond it is not shown
  const auto result = write();
  EXPECT_THAT(summary(), HasSubstr("rome/tiny/sample1: ended at edit 30 of 200: collapsed at 7"));
  EXPECT_THAT(result.remarks.notes,
              Contains(HasSubstr("60 edits are committed, of which this experiment asks for the first 30")));
  config_.stop_at_collapse.reset();
  fake::write_experiment(folder_, config_);
  (void)write();
  EXPECT_THAT(summary(), AllOf(HasSubstr("rome/tiny/sample1: 60 of 200 edits done"), Not(HasSubstr("## Ended"))));
}

TEST_F(Report, AnEmptySweepIsReportedToo) {
  fs::remove_all(sweep_.path() / "cells");
  fs::remove_all(sweep_.path() / "prerequisites");
  const ReportResult result = write();
  EXPECT_THAT(result.remarks.left_out, IsEmpty());
  EXPECT_THAT(result.remarks.notes, IsEmpty());
  EXPECT_THAT(summary(), HasSubstr("**rome on tiny**: no edits yet"));
  EXPECT_EQ(text_of(folder_.report() / "curves.csv"), "cell,method,model,sample,metric,edits,value\n");
}

TEST_F(Report, AComparisonWithoutTheUneditedModelsAnswersIsLeftOut) {
  fs::remove_all(sweep_.path() / "prerequisites");
  EXPECT_THAT(write().remarks.left_out, testing::ElementsAre(HasSubstr("tiny's downstream tasks with the unedited")));
  EXPECT_EQ(run_report_verb(sweep_.path(), editing::catalogue(), {false, {}}), core::kExitFailed);
  EXPECT_THAT(summary(), HasSubstr("Some results are not in this report"));
}

TEST_F(Report, ADistanceThatIsNotFiniteIsNotAveragedAwayInSilence) {
  const auto path = file(1, "distance-0000060-" + std::string(fake::kReductionIdentity));
  auto contents = storage::read_reduction(path);
  contents.distances.front().frobenius = std::nan("");
  fs::remove(path);
  ledger::commit_file(cell_folder(1), "distance-0000060-" + std::string(fake::kReductionIdentity),
                      [&](const fs::path& temporary) { storage::write_reduction(temporary, contents); });
  EXPECT_THAT(write().remarks.notes,
              Contains(HasSubstr("rome/tiny/sample1: 1 of 12 values of the distances are not finite")));
  EXPECT_THAT(summary(), HasSubstr("(of 1)"));
}

TEST_F(Report, ADamagedSegmentEndsItsCellAndIsNamed) {
  damage(file(0, ledger::segment_stem(31, 40)));
  const ReportResult result = write();
  EXPECT_THAT(result.remarks.left_out, Contains(AllOf(HasSubstr("segment-0000031-0000040"), HasSubstr("damaged"))));
  EXPECT_THAT(result.remarks.left_out, Contains(HasSubstr("edits after 30 are left out")));
  EXPECT_THAT(summary(), AllOf(HasSubstr("rome/tiny/sample0: 30 of 60 edits done"), HasSubstr("segment-0000031")));
  const std::string csv = text_of(folder_.report() / "curves.csv");
  EXPECT_THAT(csv, Not(HasSubstr("tiny,0,forgetting.argmax.ever,40,")));
  EXPECT_THAT(csv, HasSubstr("tiny,1,forgetting.argmax.ever,40,"));
}

TEST_F(Report, ADamagedReductionIsAGap) {
  damage(file(0, ledger::reduction_stem(core::ReductionPart::kTasks, 30, fake::kReductionIdentity)));
  const ReportResult result = write();
  EXPECT_THAT(result.remarks.left_out, Contains(HasSubstr("tasks-0000030")));
  const std::string csv = text_of(folder_.report() / "curves.csv");
  EXPECT_THAT(csv, Not(HasSubstr("tiny,0,f1.mean,30,")));
  EXPECT_THAT(csv, HasSubstr("tiny,0,f1.mean,60,"));
}

TEST_F(Report, AFileUnderAnothersNameIsNotBelieved) {
  // A whole, undamaged file of sample 1, published in the folder of sample 0.
  const std::string stem = ledger::reduction_stem(core::ReductionPart::kDistance, 30, fake::kReductionIdentity);
  const fs::path stranger = file(1, stem);
  fs::remove(file(0, stem));
  fs::copy_file(stranger, cell_folder(0) / stranger.filename());
  EXPECT_THAT(write().remarks.left_out,
              Contains(HasSubstr("is another file than its name and place say: its sample is \"1\"")));
}

TEST_F(Report, TheExperimentsResultsAreReportedWhateverTheAgeOfOthers) {
  const fs::path other = folder_.cell(config_.cells[0], "cccccccccccc");
  fs::copy(cell_folder(0), other);
  for (const auto& entry : fs::directory_iterator(cell_folder(0))) {
    fs::last_write_time(entry.path(), fs::file_time_type::clock::now() - std::chrono::hours(5));
  }
  const ReportResult result = write();
  EXPECT_THAT(result.remarks.left_out, IsEmpty());
  EXPECT_THAT(result.remarks.notes, Contains(AllOf(HasSubstr("identity cccccccccccc"), HasSubstr("--identity"))));
  EXPECT_THAT(summary(), AllOf(HasSubstr("2 of 2 cells are complete"), HasSubstr("identity cccccccccccc")));
}

/// Reductions of tasks with a broken prompt, newer than those of the experiment.
TEST_F(Report, ReductionsOfOtherPromptsAreShownOnRequestOnly) {
  const std::string broken = "dddddddddddd";
  for (const auto& cell : config_.cells) {
    fake::FakeCell fake(cell, {});
    auto contents = fake.reduction(core::ReductionPart::kTasks, 60, config_);
    contents.reduction_identity = broken;
    for (auto& task : contents.tasks) std::ranges::fill(task.predictions, -1);
    fake::commit_reduction(folder_.cell(cell, fake::kEditIdentity),
                           ledger::reduction_stem(core::ReductionPart::kTasks, 60, broken), contents);
  }
  const ReportResult result = write();
  EXPECT_THAT(result.remarks.notes, Contains(HasSubstr("identity dddddddddddd")));
  EXPECT_THAT(text_of(folder_.report() / "curves.csv"), Not(HasSubstr("f1.mean,60,0\n")));

  const ReportResult asked = write_report(sweep_.path(), editing::catalogue(), {false, {broken}});
  EXPECT_THAT(text_of(folder_.report() / "curves.csv"), HasSubstr("f1.mean,60,0\n"));
  EXPECT_THAT(summary(), HasSubstr("dddddddddddd, as asked for"));
  EXPECT_THAT(
      [&] {
        (void)write_report(sweep_.path(), editing::catalogue(), {false, {"999999999999"}});
      },
      testing::ThrowsMessage<core::ConfigError>(HasSubstr("999999999999")));
}

TEST_F(Report, WithoutAnInspectionNothingIsGuessed) {
  fs::remove(folder_.inspection());
  EXPECT_THAT(write().remarks.left_out, IsEmpty()) << "what lies alone is what is meant";
  EXPECT_THAT(summary(), HasSubstr("inspection.json is not there"));
  fs::copy(cell_folder(0), folder_.cell(config_.cells[0], "cccccccccccc"));
  EXPECT_THAT(write().remarks.left_out, Contains(AllOf(HasSubstr("rome/tiny/sample0: edits of several settings"),
                                                       HasSubstr("0123456789ab"), HasSubstr("cccccccccccc"))));
  EXPECT_THAT(summary(), AllOf(HasSubstr("rome/tiny/sample0: 0 of 60 edits done"), HasSubstr("1 of 2 cells"),
                               HasSubstr("Some results are not in this report")));
}

TEST_F(Report, AnInspectionThatCannotBeReadIsNamed) {
  for (const auto* text : {"", "{", "{\"version\": 1}"}) {
    std::ofstream(folder_.inspection()) << text;
    EXPECT_THAT(write().remarks.notes, Contains(HasSubstr(folder_.inspection().string()))) << text;
    EXPECT_THAT(summary(), HasSubstr("2 of 2 cells are complete")) << text;
  }
}

TEST_F(Report, AnswersOfTheUneditedModelToOtherPromptsAreLeftOut) {
  for (const auto& entry : fs::recursive_directory_iterator(sweep_.path() / "prerequisites")) {
    if (entry.is_regular_file()) fs::remove(entry.path());
  }
  fake::commit_baseline(folder_, config_, "tiny", "eeeeeeeeeeee");
  EXPECT_THAT(write().remarks.left_out, Contains(HasSubstr("answers of the unedited model are left out")));
  EXPECT_THAT(summary(), HasSubstr("answers of the unedited model are left out"));
  EXPECT_THAT(text_of(folder_.report() / "curves.csv"), Not(HasSubstr("f1.mean,0,")));
  EXPECT_THAT(text_of(folder_.report() / "curves.csv"), HasSubstr("f1.mean,60,"));
}

TEST_F(Report, EditsBeyondThoseAskedForAreNotShown) {
  auto fewer = config_;
  for (auto& [cell, edits] : fewer.edits) edits = 30;
  fake::write_experiment(folder_, fewer);
  // What is due after the last edit is due after another one now.
  for (const int cell : {0, 1}) {
    fake::commit_reduction(cell_folder(static_cast<std::size_t>(cell)),
                           ledger::reduction_stem(core::ReductionPart::kScores, 30, fake::kReductionIdentity),
                           fake::FakeCell(config_.cells[static_cast<std::size_t>(cell)], {})
                               .reduction(core::ReductionPart::kScores, 30, config_));
  }
  const ReportResult result = write();
  EXPECT_THAT(result.remarks.left_out, IsEmpty());
  EXPECT_THAT(summary(), AllOf(HasSubstr("2 of 2 cells are complete"), HasSubstr("2 of 2 samples, 30 edits each"),
                               HasSubstr("60 edits are committed, of which this experiment asks for the first 30")));
  EXPECT_THAT(text_of(folder_.report() / "curves.csv"), Not(HasSubstr(",60,")));
}

/// A folder that was run with more checks before has the report of one that was not.
TEST_F(Report, ReductionsThatTheExperimentDoesNotAskForAreNotShown) {
  auto config = config_;
  config.forgetting_every = 60;
  config.tasks_every = 60;
  config.checkpoint_every = 20;
  fake::write_experiment(folder_, config);
  const ReportResult result = write();
  EXPECT_THAT(result.remarks.left_out, IsEmpty());
  EXPECT_THAT(
      result.remarks.notes,
      testing::ElementsAre(HasSubstr("rome/tiny/sample0: reductions are committed that this experiment does not "
                                     "ask for after their edits, and are not shown: 3 of distance, 5 of "
                                     "forgetting, 1 of tasks"),
                           HasSubstr("rome/tiny/sample1: ")));
  EXPECT_THAT(summary(), AllOf(HasSubstr("2 of 2 cells are complete"), HasSubstr("5 of forgetting")));
  EXPECT_EQ(run_report_verb(sweep_.path(), editing::catalogue(), {false, {}}), core::kExitDone);
  const auto curves = text_of(folder_.report() / "curves.csv");
  const auto phases = text_of(folder_.report() / "phases.csv");
  for (const int cell : {0, 1}) {
    for (const auto& found : ledger::committed_files(cell_folder(static_cast<std::size_t>(cell)))) {
      const bool is_check = found.stem.starts_with("forgetting-") || found.stem.starts_with("tasks-");
      const bool is_distance = found.stem.starts_with("distance-");
      const auto is_at = [&](const char* edits) { return found.stem.find(edits) != std::string::npos; };
      const bool is_due = is_at("-0000060-") || (is_distance && (is_at("-0000020-") || is_at("-0000040-")));
      if ((is_check || is_distance) && !is_due) fs::remove(found.path);
    }
  }
  EXPECT_THAT(write().remarks.notes, IsEmpty());
  EXPECT_EQ(text_of(folder_.report() / "curves.csv"), curves);
  EXPECT_EQ(text_of(folder_.report() / "phases.csv"), phases);
}

TEST_F(Report, ShowsWhatAllEditsAreWorthAfterTheLast) {
  (void)write();
  EXPECT_THAT(summary(), AllOf(HasSubstr("## After all edits"), HasSubstr("50.0 / 50.0 / 75.0 |  56.2 | 50.0 / 50.0 |"),
                               HasSubstr("0.0 / 0.0 / 100.0 |")));
  EXPECT_THAT(text_of(folder_.report() / "curves.csv"),
              HasSubstr("\nrome/tiny/sample0,rome,tiny,0,locality.all_edits,60,87.5\n"));
  EXPECT_THAT(text_of(folder_.report() / "summary.tex"), HasSubstr("tab:lethe-all-edits"));
}

TEST_F(Report, AReductionWhoseIdentityIsAnotherThanItsNameSaysIsLeftOut) {
  fake::FakeCell fake(config_.cells[0], {});
  auto contents = fake.reduction(core::ReductionPart::kDistance, 30, config_);
  contents.reduction_identity = "dddddddddddd";
  const std::string stem = ledger::reduction_stem(core::ReductionPart::kDistance, 30, fake::kReductionIdentity);
  fs::remove(file(0, stem));
  fake::commit_reduction(cell_folder(0), stem, contents);
  EXPECT_THAT(
      write().remarks.left_out,
      Contains(HasSubstr("is another file than its name and place say: its reduction_identity is \"dddddddddddd\"")));
}

TEST_F(Report, NothingIsWrittenThroughALink) {
  const test::TemporaryFolder elsewhere;
  fs::create_directory_symlink(elsewhere.path(), folder_.report());
  EXPECT_THAT([&] { (void)write(); },
              testing::ThrowsMessage<core::StorageError>(AllOf(HasSubstr("report"), HasSubstr("link"))));
  EXPECT_TRUE(fs::is_empty(elsewhere.path()));
  fs::remove(folder_.report());
  const auto diary = elsewhere.write("diary.txt", "precious");
  fs::create_directory(folder_.report());
  for (const auto* name : {"summary.md", "summary.tex", "index.html", "curves.csv", "curves.h5", "edits.csv",
                           "phases.csv", "breaks.csv"}) {
    fs::create_symlink(diary, folder_.report() / name);
  }
  (void)write();
  EXPECT_EQ(text_of(diary), "precious");
  EXPECT_THAT(summary(), HasSubstr("2 of 2 cells"));
}

/// A second sweep: a cell that is disabled at edit 217, and one that is not.
TEST(ReportOfPhases, TheEditThatStandsOutIsNamedWithItsSubject) {
  const test::TemporaryFolder sweep;
  const ledger::SweepFolder folder(sweep.path() / "out");
  auto config = fake::experiment({"rome"}, {"tiny"}, 2, 400);
  config.dataset.records = sweep.write(
      "records.jsonl",
      R"({"case_id": 5217, "requested_rewrite": {"prompt": "{} is in", )"
      R"("relation_id": "P1", "subject": "Tamfas", "target_new": {"str": "Rome"}, "target_true": {"str": "Lima"}}, )"
      R"("paraphrase_prompts": [], "neighborhood_prompts": [], "generation_prompts": []})");
  config.dataset.samples = sweep.write("samples.json", R"({"0": [5217], "1": []})");
  fake::write_experiment(folder, config);
  auto inspection = fake::inspection(config);
  const auto edited = data::read_records(config.dataset);
  inspection.cells[0].edit_identity_fields["requests"] =
      data::order_digest(data::requests_by_case(edited), std::vector<std::int64_t>{5217});
  ledger::replace_text(folder.inspection(), core::to_json(inspection));
  fake::commit_baseline(folder, config, "tiny");
  fake::commit_cell(folder, config, config.cells[0], {.fading = 1e-4, .disabling = 217}, 400);
  fake::commit_cell(folder, config, config.cells[1], {.fading = 1e-4}, 400);
  EXPECT_THAT(write_report(folder.root(), editing::catalogue(), {false, {}}).remarks.left_out, IsEmpty());
  const std::string phases = text_of(folder.report() / "phases.csv");
  EXPECT_THAT(phases, HasSubstr("\nrome/tiny/sample0,rome,tiny,0,400,observed,210,220,"));
  EXPECT_THAT(phases, HasSubstr(",217,5217,Tamfas,norm,"));
  EXPECT_THAT(phases, HasSubstr("\nrome/tiny/sample1,rome,tiny,1,400,none observed,,,,,"));
  EXPECT_THAT(text_of(folder.report() / "breaks.csv"), HasSubstr("rome,tiny,1,efficacy,none observed,"));
  EXPECT_THAT(text_of(folder.report() / "curves.csv"), HasSubstr("rome,tiny,0,break.all,220,"));
  for (const auto* page : {"summary.md", "index.html"}) {
    EXPECT_THAT(text_of(folder.report() / page), HasSubstr("Edit that stands out: edit 217 (case 5217, Tamfas)"))
        << page;
  }
  EXPECT_THAT(text_of(folder.report() / "summary.tex"),
              AllOf(HasSubstr("\\label{tab:lethe-phases}"), HasSubstr("rome/tiny/sample0 & 210 to 220 & "),
                    HasSubstr("rome/tiny/sample1 & none observed & ")));

  const auto notes_without_subject = [&] {
    const ReportResult result = write_report(folder.root(), editing::catalogue(), {false, {}});
    EXPECT_THAT(text_of(folder.report() / "phases.csv"), HasSubstr(",217,5217,,norm,"));
    EXPECT_THAT(text_of(folder.report() / "summary.md"), Not(HasSubstr("Tamfas")));
    return result.remarks.notes;
  };
  const auto records = text_of(config.dataset.records);
  auto others = records;
  others.replace(others.find("Tamfas"), 6, "Jorver");
  sweep.write("records.jsonl", others);
  EXPECT_THAT(notes_without_subject(),
              testing::ElementsAre(AllOf(HasSubstr("rome/tiny/sample0: no subject of the edit behind its point"),
                                         HasSubstr("records.jsonl is not the one that was edited"))));
  sweep.write("records.jsonl", records);
  fs::remove(config.dataset.samples);
  EXPECT_THAT(notes_without_subject(), Contains(HasSubstr("cannot be told to be the one that was edited")));
  fs::remove(config.dataset.records);
  EXPECT_THAT(notes_without_subject(), IsEmpty());
}

TEST_F(Report, TheExitStatusSaysThatSomethingWasLeftOut) {
  const ReportOptions options{false, {}};
  EXPECT_EQ(run_report_verb(sweep_.path(), editing::catalogue(), options), 0);
  fs::remove(file(0, ledger::reduction_stem(core::ReductionPart::kForgetting, 20, fake::kReductionIdentity)));
  EXPECT_EQ(run_report_verb(sweep_.path(), editing::catalogue(), options), 0) << "not made yet";
  damage(file(0, ledger::reduction_stem(core::ReductionPart::kTasks, 30, fake::kReductionIdentity)));
  EXPECT_EQ(run_report_verb(sweep_.path(), editing::catalogue(), options), 1);
}

TEST_F(Report, AFolderThatIsNoSweepIsAnErrorWithARemedy) {
  EXPECT_THAT(
      [] { (void)write_report("/nonexistent/sweep", editing::catalogue()); },
      testing::ThrowsMessage<core::StorageError>(AllOf(HasSubstr("experiment.json"), HasSubstr("lethe sweep"))));
  std::ofstream(folder_.experiment()) << "{ not json";
  EXPECT_THROW((void)write(), core::StorageError);
}

TEST_F(Report, FiguresAreNotDrawnAgainForTheSameCurves) {
  const ReportResult drawn = write_report(sweep_.path(), editing::catalogue());
  ASSERT_THAT(drawn.remarks.left_out, IsEmpty());
  ASSERT_FALSE(drawn.figures.empty());
  const std::string page = text_of(folder_.report() / "index.html");
  EXPECT_THAT(page, AllOf(HasSubstr("<h2 id=\"figures\">"), HasSubstr("src=\"data:image/png;base64,iVBOR"),
                          HasSubstr("the greedy answer is the new target")));
  const auto time = fs::last_write_time(drawn.figures.front());
  EXPECT_EQ(write_report(sweep_.path(), editing::catalogue()).figures, drawn.figures);
  EXPECT_EQ(fs::last_write_time(drawn.figures.front()), time);
}

}  // namespace
}  // namespace lethe::report
