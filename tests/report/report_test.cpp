#include "report/report.h"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "storage/report_file.h"
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
    fake::commit_baseline(folder_, config_, "tiny");
    for (const auto& cell : config_.cells) fake::commit_cell(folder_, config_, cell, {}, 60);
  }

  [[nodiscard]] ReportResult write() const {
    return write_report(sweep_.path(), editing::catalogue(), {false, std::nullopt});
  }
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

TEST_F(Report, ACompleteSweepHasNoWarnings) {
  const ReportResult result = write();
  EXPECT_THAT(result.warnings, IsEmpty());
  EXPECT_THAT(summary(), AllOf(HasSubstr("2 of 2 cells are complete"), HasSubstr("**rome on tiny** (2 of 2 samples"),
                               HasSubstr("rome/tiny/sample1"), Not(HasSubstr("Missing or damaged"))));
  EXPECT_THAT(result.overview, HasSubstr("| rome   | tiny"));
}

TEST_F(Report, CurvesAreTheSameInBothFiles) {
  (void)write();
  const std::string csv = text_of(folder_.report() / "curves.csv");
  const auto contents = storage::read_report_file(folder_.report() / "curves.h5");
  std::size_t num_points = 0;
  for (const auto& curve : contents.curves) num_points += curve.edits.size();
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), static_cast<std::ptrdiff_t>(num_points) + 1);
  EXPECT_TRUE(csv.starts_with("cell,metric,edits,value\n"));
  EXPECT_THAT(csv, HasSubstr("\nrome/tiny/sample0,distance.total,0,0\n"));
  EXPECT_THAT(csv, HasSubstr("\nrome/tiny/sample1,forgetting.argmax.ever,60,"));
  EXPECT_EQ(contents.experiment, "fake");
  EXPECT_TRUE(contents.provenance.contains("config"));
}

TEST_F(Report, AnUnfinishedSweepIsReportedAsFarAsItIs) {
  fs::remove_all(cell_folder(1));
  fake::commit_cell(folder_, config_, config_.cells[1], {}, 30);
  fs::remove(file(1, ledger::reduction_stem(core::ReductionPart::kForgetting, 20, fake::kReductionIdentity)));
  const ReportResult result = write();
  EXPECT_THAT(result.warnings, IsEmpty());
  EXPECT_THAT(summary(), AllOf(HasSubstr("1 of 2 cells are complete"), HasSubstr("rome/tiny/sample1: 30 of 60 edits"),
                               HasSubstr("rome/tiny/sample1: 1 reductions of the edits done are missing")));
}

TEST_F(Report, AnEmptySweepIsReportedToo) {
  fs::remove_all(sweep_.path() / "cells");
  fs::remove_all(sweep_.path() / "prerequisites");
  const ReportResult result = write();
  EXPECT_THAT(result.warnings, IsEmpty());
  EXPECT_THAT(summary(), HasSubstr("**rome on tiny**: no edits yet"));
  EXPECT_EQ(text_of(folder_.report() / "curves.csv"), "cell,metric,edits,value\n");
}

TEST_F(Report, ADamagedSegmentEndsItsCellAndIsNamed) {
  damage(file(0, ledger::segment_stem(31, 40)));
  const ReportResult result = write();
  EXPECT_THAT(result.warnings, Contains(AllOf(HasSubstr("segment-0000031-0000040"), HasSubstr("damaged"))));
  EXPECT_THAT(result.warnings, Contains(HasSubstr("edits after 30 are left out")));
  EXPECT_THAT(summary(), AllOf(HasSubstr("rome/tiny/sample0: 30 of 60 edits done"), HasSubstr("segment-0000031")));
  const std::string csv = text_of(folder_.report() / "curves.csv");
  EXPECT_THAT(csv, Not(HasSubstr("sample0,forgetting.argmax.ever,40,")));
  EXPECT_THAT(csv, HasSubstr("sample1,forgetting.argmax.ever,40,"));
}

TEST_F(Report, ADamagedReductionIsAGap) {
  damage(file(0, ledger::reduction_stem(core::ReductionPart::kTasks, 30, fake::kReductionIdentity)));
  const ReportResult result = write();
  EXPECT_THAT(result.warnings, Contains(HasSubstr("tasks-0000030")));
  const std::string csv = text_of(folder_.report() / "curves.csv");
  EXPECT_THAT(csv, Not(HasSubstr("sample0,f1.mean,30,")));
  EXPECT_THAT(csv, HasSubstr("sample0,f1.mean,60,"));
}

TEST_F(Report, AFileUnderAnothersNameIsNotBelieved) {
  // A whole, undamaged file of sample 1, published in the folder of sample 0.
  const std::string stem = ledger::reduction_stem(core::ReductionPart::kDistance, 30, fake::kReductionIdentity);
  const fs::path stranger = file(1, stem);
  fs::remove(file(0, stem));
  fs::copy_file(stranger, cell_folder(0) / stranger.filename());
  EXPECT_THAT(write().warnings, Contains(HasSubstr("another reduction than its name says")));
}

TEST_F(Report, OfTwoIdentitiesTheNewestIsReportedUnlessItIsKnownWhichIsCurrent) {
  const fs::path older = folder_.cell(config_.cells[0], "cccccccccccc");
  fs::copy(cell_folder(0), older);
  for (const auto& entry : fs::directory_iterator(older)) {
    fs::last_write_time(entry.path(), fs::file_time_type::clock::now() - std::chrono::hours(5));
  }
  EXPECT_THAT(write().warnings, Contains(HasSubstr("identity cccccccccccc too; the newest, 0123456789ab, are")));

  core::Inspection inspection;
  for (const auto& cell : config_.cells) {
    core::CellFacts facts;
    facts.cell = cell;
    facts.edit_identity = fake::kEditIdentity;
    for (const auto part : core::kAllReductionParts) facts.reduction_identities[part] = fake::kReductionIdentity;
    inspection.cells.push_back(facts);
  }
  core::PrerequisiteFacts baseline;
  baseline.kind = "baseline";
  baseline.model = "tiny";
  baseline.folder = ledger::prerequisite_folder(ledger::kBaselineFolder, "tiny", fake::kBaselineIdentity);
  inspection.prerequisites.push_back(baseline);
  EXPECT_THAT(write_report(sweep_.path(), editing::catalogue(), {false, inspection}).warnings, IsEmpty());
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
  ASSERT_THAT(drawn.warnings, IsEmpty());
  ASSERT_FALSE(drawn.figures.empty());
  const auto time = fs::last_write_time(drawn.figures.front());
  EXPECT_EQ(write_report(sweep_.path(), editing::catalogue()).figures, drawn.figures);
  EXPECT_EQ(fs::last_write_time(drawn.figures.front()), time);
}

}  // namespace
}  // namespace lethe::report
