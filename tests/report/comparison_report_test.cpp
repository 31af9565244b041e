#include "report/comparison_report.h"

#include <algorithm>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/exit_code.h"
#include "tests/report/fake_sweep.h"

namespace lethe::report {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::ThrowsMessage;

/// Sweeps a and b of two cells, b of another seed.
class ComparisonReport : public testing::Test {
 protected:
  ComparisonReport() {
    config_.scores_every = 30;
    fill("a", config_);
    auto other = config_;
    other.seed = 41;
    fill("b", other);
  }
  void fill(const std::string& name, const core::ExperimentConfig& config, std::int64_t edits = 60) const {
    const ledger::SweepFolder folder(root_ / name);
    fake::write_experiment(folder, config);
    ledger::replace_text(folder.inspection(), core::to_json(fake::inspection(config)));
    fake::commit_baseline(folder, config, "tiny");
    for (const auto& cell : config.cells) fake::commit_cell(folder, config, cell, {}, edits);
  }
  [[nodiscard]] ComparisonResult write(const std::string& out = "both", const std::vector<std::string>& labels = {},
                                       bool has_figures = false) const {
    ReportOptions report;
    report.has_figures = has_figures;
    report.figures.formats = {"png"};
    return write_comparison({{root_ / "a", root_ / "b"}, root_ / out, labels, report}, editing::catalogue());
  }
  [[nodiscard]] std::string text(const std::string& name) const { return test::read_text(root_ / "both" / name); }
  [[nodiscard]] std::set<std::string> files(const std::string& name) const {
    std::set<std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(root_ / name)) all.insert(entry.path().string());
    return all;
  }

  core::ExperimentConfig config_ = fake::experiment({"rome"}, {"tiny"}, 2, 60);
  test::TemporaryFolder root_;
};

TEST_F(ComparisonReport, WritesIntoItsOwnFolderAlone) {
  const auto before_a = files("a");
  const auto before_b = files("b");
  const auto result = write();
  EXPECT_THAT(result.remarks.left_out, IsEmpty());
  EXPECT_EQ(files("a"), before_a);
  EXPECT_EQ(files("b"), before_b);
  for (const auto* name : {"comparison.csv", "comparison.md", "differences.csv", "curves.csv", "edits.csv",
                           "summary.md", "summary.tex", "index.html"}) {
    EXPECT_TRUE(fs::exists(root_ / "both" / name)) << name;
  }
}

TEST_F(ComparisonReport, EveryCurveAndRowSaysOfWhichSweepItIs) {
  (void)write();
  const auto curves = text("curves.csv");
  EXPECT_TRUE(curves.starts_with("sweep,cell,method,model,sample,metric,edits,value\na,rome/tiny/sample0,"));
  EXPECT_THAT(curves, HasSubstr("\nb,rome/tiny/sample1,rome,tiny,1,forgetting.argmax.ever,60,"));
  const auto edits = text("edits.csv");
  EXPECT_TRUE(edits.starts_with("sweep,cell,method,model,sample,edit,case_id,status,efficacy,"));
  EXPECT_EQ(std::count(edits.begin(), edits.end(), '\n'), 1 + 2 * 2 * 60);
  EXPECT_THAT(edits, HasSubstr("\nb,rome/tiny/sample1,rome,tiny,1,60,5060,applied,"));
  EXPECT_THAT(
      text("summary.md"),
      AllOf(HasSubstr("# a and b\n"), HasSubstr("* seed: 37 in a, 41 in b\n"), HasSubstr("## b beside a\n"),
            HasSubstr("2 of 2 cells edit the same facts in the same order"), HasSubstr("| sweep | cell "),
            HasSubstr("| b     | rome/tiny/sample1 "), HasSubstr("* **a, b**: **rome on tiny** (2 of 2 samples"),
            HasSubstr("`differences.csv`"), Not(HasSubstr("curves.h5"))));
  EXPECT_THAT(text("summary.tex"), AllOf(HasSubstr("\\label{tab:lethe-comparison}"), HasSubstr("b & rome & tiny")));
  EXPECT_THAT(text("index.html"),
              AllOf(HasSubstr("<td class=\"t\">ES after each edit</td>"), HasSubstr("&quot;seed&quot;: 41")));
  EXPECT_THAT(text("comparison.md"), AllOf(HasSubstr("normalised distance"), Not(HasSubstr("## Provenance"))));
}

/// One config, run before and after its records, its corpus and its fixed text were replaced under their paths.
TEST_F(ComparisonReport, WhatLiesUnderTheSamePathsIsComparedToo) {
  const auto inspect = [&](const std::string& name, const std::string& content) {
    auto inspection = fake::inspection(config_);
    for (auto& cell : inspection.cells) {
      cell.edit_identity_fields = {{"method", "ROME"}, {"moments", content}, {"requests", content}};
      if (cell.cell.sample == 1) cell.edit_identity_fields["requests"] = "unchanged";
      cell.reduction_identities[core::ReductionPart::kMonitor] = content;
    }
    ledger::replace_text(ledger::SweepFolder(root_ / name).inspection(), core::to_json(inspection));
  };
  fake::write_experiment(ledger::SweepFolder(root_ / "b"), config_);
  inspect("a", "old");
  inspect("b", "old");
  (void)write();
  EXPECT_THAT(text("comparison.md"),
              AllOf(HasSubstr("* nothing: both ask for the same\n"), Not(HasSubstr("by their case ids alone")),
                    HasSubstr("2 of 2 cells edit the same facts in the same order")));
  inspect("b", "new");
  (void)write();
  EXPECT_THAT(
      text("comparison.md"),
      AllOf(
          HasSubstr("* edits, requests: other records of the dataset, or another order of them (rome/tiny/sample0)\n"),
          HasSubstr("(rome/tiny/sample0, rome/tiny/sample1)\n"), HasSubstr("* edits, second moments: other weights"),
          HasSubstr("* reductions, monitor: other settings, contents"), Not(HasSubstr("* edits, method")),
          HasSubstr("1 of 2 cells edit the same facts"), HasSubstr("not the same records"),
          Not(HasSubstr("nothing:"))));
}

TEST_F(ComparisonReport, WhereNothingTellsTheRecordsThatIsSaid) {
  (void)write();
  EXPECT_THAT(text("comparison.md"), HasSubstr("by their case ids alone, because an inspection.json does not tell"));
}

TEST_F(ComparisonReport, EditsOfOtherIdentitiesAreNeverTheSame) {
  const auto inspect = [&](const std::string& name, const std::string& threads) {
    auto inspection = fake::inspection(config_);
    for (auto& cell : inspection.cells) cell.edit_identity_fields = {{"threads", threads}};
    ledger::replace_text(ledger::SweepFolder(root_ / name).inspection(), core::to_json(inspection));
  };
  inspect("a", "1");
  inspect("b", "2");
  (void)write();
  EXPECT_THAT(text("comparison.md"), Not(HasSubstr("edits, threads"))) << "a key of the configs, of which seeds differ";
  fake::write_experiment(ledger::SweepFolder(root_ / "b"), config_);
  (void)write();
  EXPECT_THAT(text("comparison.md"), AllOf(HasSubstr("edits, threads: another one"), Not(HasSubstr("nothing:"))));
}

TEST_F(ComparisonReport, SweepsAreCalledAsAskedFor) {
  (void)write("both", {"seed 37", "seed, 41"});
  EXPECT_THAT(text("curves.csv"), HasSubstr("\n\"seed, 41\",rome/tiny/sample1,"));
  EXPECT_THAT(text("summary.md"), HasSubstr("# seed 37 and seed, 41\n"));
}

TEST_F(ComparisonReport, WhatASweepLacksIsToldOfItAlone) {
  const auto cell = ledger::SweepFolder(root_ / "b").cell(config_.cells[1], fake::kEditIdentity);
  for (const auto& file : ledger::committed_files(cell)) {
    if (file.stem.starts_with("distance-0000060")) std::ofstream(file.path, std::ios::app) << "damage";
  }
  const auto result = write();
  EXPECT_THAT(result.remarks.left_out, Contains(AllOf(HasSubstr("b: cells/rome"), HasSubstr("is left out"))));
  EXPECT_THAT(text("summary.md"), AllOf(HasSubstr("## Left out"), HasSubstr("* **b**: cells/rome/tiny/sample1")));
}

TEST_F(ComparisonReport, AnUnfinishedSweepIsComparedAsFarAsItIs) {
  fs::remove_all(root_ / "b");
  fill("b", config_, 30);
  const auto result = write();
  EXPECT_THAT(result.remarks.left_out, IsEmpty());
  EXPECT_THAT(text("comparison.csv"), HasSubstr("\na,b,rome,tiny,es,30,30,2,2,"));
  EXPECT_THAT(text("summary.md"), AllOf(HasSubstr("## Missing"), HasSubstr("* **b**: rome/tiny/sample0")));
}

TEST_F(ComparisonReport, WhatIsToBeSaidOfItsFiguresStandsAmongTheNotes) {
  const std::string note = "index.html shows no figures: they were drawn as PDF alone";
  ReportOptions report;
  report.figures.formats = {"pdf"};
  const ComparisonOptions options{{root_ / "a", root_ / "b"}, root_ / "both", {}, report};
  EXPECT_THAT(write_comparison(options, editing::catalogue()).remarks.notes, Contains(HasSubstr(note)));
  EXPECT_THAT(text("summary.md"), HasSubstr("## Notes\n\n* " + note)) << "no sweep has notes of its own";
  EXPECT_THAT(text("index.html"), HasSubstr(note));
  fs::remove(ledger::SweepFolder(root_ / "a").inspection());
  (void)write_comparison(options, editing::catalogue());
  const auto summary = text("summary.md");
  EXPECT_THAT(summary, HasSubstr("## Notes\n\n* " + note));
  EXPECT_THAT(summary, HasSubstr("\n* **a**: inspection.json is not there"));
  EXPECT_EQ(summary.find("## Notes"), summary.rfind("## Notes")) << "under one heading";
  (void)write();
  EXPECT_THAT(text("summary.md"), Not(HasSubstr(note))) << "where figures are not asked for";
}

TEST_F(ComparisonReport, FoldersThatItMustNotWriteIntoAreRefused) {
  const auto into = [this](const std::string& out) { return [this, out] { (void)write(out); }; };
  for (const auto* out : {"a", "b/report", "b/", "a/../b/x/y"}) {
    EXPECT_THAT(into(out), ThrowsMessage<core::ConfigError>(HasSubstr("lies in the sweep"))) << out;
  }
  fs::create_directory_symlink(root_ / "a", root_ / "link");
  EXPECT_THAT(into("link"), ThrowsMessage<core::ConfigError>(HasSubstr("lies in the sweep")));
  fill("c", config_);
  EXPECT_THAT(into("c"), ThrowsMessage<core::ConfigError>(HasSubstr("is a sweep's folder")));
  root_.write("mine/summary.md", "precious");
  EXPECT_THAT(into("mine"), ThrowsMessage<core::ConfigError>(HasSubstr("holds other files")));
  EXPECT_EQ(test::read_text(root_ / "mine/summary.md"), "precious");
  EXPECT_NO_THROW(into("deep/er/both")());
  EXPECT_NO_THROW(into("deep/er/both")()) << "a former report of several sweeps";
}

TEST_F(ComparisonReport, AllFoldersThatAreNoSweepsAreNamed) {
  const ComparisonOptions options{{root_ / "a", root_ / "nowhere", root_ / "neither"}, root_ / "both", {}, {}};
  EXPECT_THAT([&] { (void)write_comparison(options, editing::catalogue()); },
              ThrowsMessage<core::StorageError>(AllOf(HasSubstr("nowhere"), HasSubstr("neither"))));
  EXPECT_FALSE(fs::exists(root_ / "both"));
}

TEST_F(ComparisonReport, AnIdentityHasToBeOfOneOfThem) {
  ReportOptions report;
  report.has_figures = false;
  report.identities = {"999999999999"};
  EXPECT_THAT(
      [&] {
        (void)write_comparison({{root_ / "a", root_ / "b"}, root_ / "both", {}, report}, editing::catalogue());
      },
      ThrowsMessage<core::ConfigError>(HasSubstr("--identity 999999999999")));
  report.identities = {fake::kEditIdentity};
  EXPECT_NO_THROW(
      (void)write_comparison({{root_ / "a", root_ / "b"}, root_ / "both", {}, report}, editing::catalogue()));
}

TEST_F(ComparisonReport, FiguresSayWhichSweepIsWhichAndAreDrawnOnce) {
  const auto result = write("both", {"$\\frac{$", "b"}, true);
  ASSERT_THAT(result.remarks.left_out, IsEmpty());
  std::set<std::string> names;
  for (const auto& file : result.figures) names.insert(file.filename().string());
  EXPECT_EQ(names, (std::set<std::string>{"overview.png", "overview.txt", "differences.png", "differences.txt"}));
  EXPECT_THAT(text("figures/overview.txt"), AllOf(HasSubstr("told apart by dash"), HasSubstr("$\\frac{$ and b")));
  EXPECT_THAT(text("figures/differences.txt"), HasSubstr("of samples: 2)"));
  const auto page = text("index.html");
  EXPECT_THAT(page,
              AllOf(HasSubstr("<figure id=\"figure:overview\">"), HasSubstr("<figure id=\"figure:differences\">")));
  const auto time = fs::last_write_time(root_ / "both/figures/overview.png");
  EXPECT_EQ(write("both", {"$\\frac{$", "b"}, true).figures, result.figures);
  EXPECT_EQ(fs::last_write_time(root_ / "both/figures/overview.png"), time);
  (void)write("both", {"c", "b"}, true);
  EXPECT_NE(fs::last_write_time(root_ / "both/figures/overview.png"), time) << "under other names";
}

}  // namespace
}  // namespace lethe::report
