#include "report/sweep_single_edits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "report/comparison_report.h"
#include "report/disabling_experiment.h"
#include "report/report.h"
#include "tests/report/fake_sweep.h"

namespace lethe::report {
namespace {

namespace fs = std::filesystem;
using test::message_of;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Fields = std::map<std::string, std::string>;
const Selection kSelection{37, {{5061, "Ada", "named"}, {5002, "Bo", ""}, {5003, "Cy", ""}}};

/// A sweep of ROME and FT-C on the model tiny, which has settings of a variant of ROME too, and single edits of it.
class SweepSingleEdits : public testing::Test {
 protected:
  SweepSingleEdits() {
    config_.models[0].methods.insert_or_assign("rome-wide", editing::method_config(editing::RomeConfig{}));
    write(world_ / "sweep", config_, {});
    for (const auto& cell : config_.cells) commit(world_ / "sweep", config_, cell, {}, 60);
  }

  /// Experiment, answers of the unedited models, and an inspection by which edits were made with `fields`.
  void write(const fs::path& root, const core::ExperimentConfig& config, const Fields& fields) const {
    const ledger::SweepFolder folder(root);
    fake::write_experiment(folder, config);
    for (const auto& model : config.models) fake::commit_baseline(folder, config, model.name);
    auto inspection = fake::inspection(config);
    for (auto& facts : inspection.cells) {
      facts.edit_identity_fields = {{"weights", "w1"},
                                    {"tokenizer", "t1"},
                                    {"method", facts.cell.method},
                                    {"method.v_lr", "0.5"},
                                    {"edits", std::to_string(facts.edits)},
                                    {"sample", std::to_string(facts.cell.sample)},
                                    {"requests", facts.cell.name()}};
      for (const auto& [name, value] : fields) facts.edit_identity_fields[name] = value;
    }
    ledger::replace_text(folder.inspection(), core::to_json(inspection));
  }
  static void commit(const fs::path& root, const core::ExperimentConfig& config, const core::GridCell& cell,
                     fake::Fate fate, std::int64_t until) {
    fake::commit_cell(ledger::SweepFolder(root), config, cell, fate, until);
  }
  /// Single edits in a folder, of which the chosen one leaves nothing; all cells but the last `num_missing`.
  void write_single(const std::string& name, const Fields& fields = {}, std::size_t num_missing = 0) const {
    const auto root = world_ / name;
    DisablingOptions options;
    options.methods = {"rome", "rome-wide"};
    const auto experiment = single_edit_experiment(config_, options, kSelection, root);
    write(root, experiment, fields);
    ledger::replace_text(root / kSelectionFile, to_json(kSelection));
    for (std::size_t i = 0; i + num_missing < experiment.cells.size(); ++i) {
      const auto& cell = experiment.cells[i];
      commit(root, experiment, cell, {.disabling = cell.sample == 5061 ? 1 : 0}, 1);
    }
  }
  ReportResult report(const std::string& sweep = "sweep", const fs::path& disabling = {}) const {
    ReportOptions options{false};
    options.disabling = disabling;
    return write_report(world_ / sweep, editing::catalogue(), options);
  }
  std::string refusal(const fs::path& folder) const {
    return message_of<core::ConfigError>([&] { report("sweep", folder); });
  }
  std::string text(const std::string& name, const std::string& sweep = "sweep") const {
    return test::read_text(world_ / sweep / "report" / name);
  }

  test::TemporaryFolder world_;
  core::ExperimentConfig config_ = fake::experiment({"rome", "ft-c"}, {"tiny"}, 1, 60);
};

constexpr const char* kVerdict =
    "* **rome on tiny**: a single disabling edit exists: 1 of 3 tried (1 of 1 chosen, 0 of 2 random ones: 0.0 to 65.8 "
    "%).\n";

TEST_F(SweepSingleEdits, ThoseBesideTheSweepGiveItsReportTablesTwoAndThree) {
  write_single("sweep-disabling");
  const auto result = report();
  EXPECT_THAT(result.remarks.notes, IsEmpty());
  EXPECT_THAT(result.remarks.left_out, IsEmpty());
  EXPECT_THAT(
      text("summary.md"),
      AllOf(HasSubstr("## Single edits\n\nFrom sweep-disabling beside the sweep, where 6 of 6 cells are complete."),
            HasSubstr("Chosen edits: 1; random ones: 2 (seed 37)."), HasSubstr(kVerdict),
            HasSubstr("* **rome-wide on tiny**: "), HasSubstr("| rome      | tiny  | F1 kept, %")));
  EXPECT_THAT(text("summary.tex"), HasSubstr("\\label{tab:lethe-disabling-ratios}"));
  EXPECT_THAT(text("index.html"), AllOf(HasSubstr(">Single edits</h2>"), HasSubstr("entropy of answers, bits")));
  // Of the methods of the grid one was tried; Wilson's interval of 0 of 2 goes to z² / (2 + z²).
  for (const auto* file : {"summary.md", "index.html"}) {
    EXPECT_THAT(text(file), HasSubstr("yes: 1 of 1 chosen, 0.0 % of random ones (0.0 to 65.8; n 2)")) << file;
  }
  EXPECT_THAT(
      text("summary.md"),
      HasSubstr("No edit was made alone (–) by ft-c on tiny: `lethe diagnose disabling CONFIG --sweep DIR --method "
                "rome,ft-c,rome-wide` makes some."));
}

TEST_F(SweepSingleEdits, WithoutAnyTheReportSaysWhatToType) {
  report();
  EXPECT_THAT(text("summary.md"), AllOf(Not(HasSubstr("## Single edits")),
                                        HasSubstr("alone (–) by rome on tiny, ft-c on tiny: `lethe diagnose disabling "
                                                  "CONFIG --sweep DIR --method rome,ft-c` makes some.")));
}

TEST_F(SweepSingleEdits, AFolderThatIsAskedForTakesTheirPlace) {
  write_single("sweep-disabling", {{"weights", "w2"}});
  write_single("elsewhere/single");
  EXPECT_THAT(report("sweep", world_ / "elsewhere/single").remarks.notes, IsEmpty());
  EXPECT_THAT(text("summary.md"), AllOf(HasSubstr("From " + (world_ / "elsewhere/single").string() + ", where 6 of 6"),
                                        HasSubstr(kVerdict)));
}

TEST_F(SweepSingleEdits, APartSaysWhatIsMissing) {
  write_single("sweep-disabling", {}, 4);
  report();
  EXPECT_THAT(
      text("summary.md"),
      AllOf(HasSubstr("where 2 of 6 cells are complete"),
            HasSubstr("**rome on tiny**: a single disabling edit exists: 1 of 2 tried (1 of 1 chosen, 0 of 1 random"),
            HasSubstr("1 not measured yet."), HasSubstr("**rome-wide on tiny**: none of its 3 edits is measured."),
            HasSubstr("yes: 1 of 1 chosen, 0.0 % of random ones (0.0 to 79.3; n 1)")));
}

TEST_F(SweepSingleEdits, ThoseOfAnotherModelOrOtherSettingsAreRefusedByTheOption) {
  write_single("other", {{"weights", "w2"}});
  const auto said = refusal(world_ / "other");
  EXPECT_THAT(said,
              AllOf(HasSubstr("--disabling " + (world_ / "other").string() + ": "),
                    HasSubstr("rome on tiny: made of another model or with other settings (this sweep's | there): "
                              "weights: w1 | w2"),
                    HasSubstr("rome-wide on tiny: made of another")));
  write_single("other", {{"method.v_lr", "0.1"}, {"seed", "4"}});
  EXPECT_THAT(refusal(world_ / "other"), AllOf(HasSubstr("method.v_lr: 0.5 | 0.1; seed: (none) | 4"),
                                               Not(HasSubstr("rome-wide")), Not(HasSubstr("requests"))))
      << "of a method that the sweep has not the model counts, and nowhere which facts are edited";
}

TEST_F(SweepSingleEdits, WhatIsNoFolderOfSingleEditsIsRefusedByTheOption) {
  EXPECT_THAT(refusal(world_ / "sweep"),
              HasSubstr("sweep: holds no single edits of `lethe diagnose disabling` (no selection.json)"));
  world_.write("half/selection.json", to_json(kSelection));
  EXPECT_THAT(refusal(world_ / "half"), HasSubstr("half/experiment.json"));
  world_.write("torn/selection.json", "{\"seed\": ");
  EXPECT_THAT(refusal(world_ / "torn"), HasSubstr("torn/selection.json"));
}

TEST_F(SweepSingleEdits, AFolderThatNobodyNamedIsLeftOutWithANote) {
  write_single("sweep-disabling", {{"tokenizer", "t2"}});
  auto result = report();
  EXPECT_THAT(result.remarks.left_out, IsEmpty());
  EXPECT_THAT(result.remarks.notes,
              ElementsAre(AllOf(HasSubstr("sweep-disabling are left out: rome on tiny: made of another"),
                                HasSubstr("tokenizer: t1 | t2"), HasSubstr("`--disabling FOLDER` names others"))));
  EXPECT_THAT(text("summary.md"), AllOf(HasSubstr("* single edits: those in "), Not(HasSubstr("## Single edits")),
                                        HasSubstr("No edit was made alone (–) by rome on tiny")));
  fs::remove(world_ / "sweep-disabling" / kSelectionFile);
  EXPECT_THAT(report().remarks.notes, ElementsAre(HasSubstr("(no selection.json)")));
}

TEST_F(SweepSingleEdits, WhatNoInspectionDescribesIsNotTakenForTheSame) {
  write_single("other");
  fs::remove(world_ / "other/inspection.json");
  EXPECT_THAT(refusal(world_ / "other"), AllOf(HasSubstr("rome on tiny: cannot be told to be of the same model"),
                                               HasSubstr("other/inspection.json does not describe")));
  write_single("other");
  auto inspection = fake::inspection(config_);
  for (auto& facts : inspection.cells) {
    facts.edit_identity = "cccccccccccc";
    facts.edit_identity_fields = {{"weights", "w1"}, {"tokenizer", "t1"}};
  }
  ledger::replace_text(world_ / "sweep/inspection.json", core::to_json(inspection));
  ReportOptions options{false, {fake::kEditIdentity}};
  options.disabling = world_ / "other";
  EXPECT_THAT(message_of<core::ConfigError>([&] { write_report(world_ / "sweep", editing::catalogue(), options); }),
              HasSubstr("sweep/inspection.json does not describe the edits"))
      << "edits are shown under an identity that is not the newest run's";
}

TEST_F(SweepSingleEdits, ModelsThatTheSweepHasNotAreLeftOut) {
  config_.models.push_back(config_.models[0]);
  config_.models[1].name = "large";
  write_single("sweep-disabling");
  EXPECT_THAT(report().remarks.notes,
              ElementsAre("single edits: those of large are left out, of which this sweep has no cell"));
  EXPECT_THAT(text("summary.md"), AllOf(HasSubstr(kVerdict), Not(HasSubstr("on large**"))));
  config_.models.erase(config_.models.begin());
  write_single("large");
  EXPECT_THAT(refusal(world_ / "large"), HasSubstr("has no single edit of a model of this sweep, but of: large"));
}

TEST_F(SweepSingleEdits, ADamagedFileOfThemIsLeftOutByName) {
  write_single("sweep-disabling");
  const ledger::SweepFolder folder(world_ / "sweep-disabling");
  const auto file =
      ledger::find_committed(folder.cell({"rome", "tiny", 5003}, fake::kEditIdentity), ledger::segment_stem(1, 1));
  ASSERT_TRUE(file);
  std::ofstream(file->path, std::ios::app) << "x";
  EXPECT_THAT(report().remarks.left_out, AllOf(Contains(HasSubstr(file->path.filename().string())),
                                               testing::Each(testing::StartsWith("single edits: cells/rome/"))));
  EXPECT_THAT(text("summary.md"), HasSubstr("where 5 of 6 cells are complete"));
}

TEST_F(SweepSingleEdits, OtherTasksAreToldOf) {
  write_single("sweep-disabling");
  for (const auto* name : {"sweep", "sweep-disabling"}) {
    const auto path = world_ / name / "inspection.json";
    auto inspection = core::read_inspection(path).value();
    inspection.tasks = {{"sentiment", name, {}}, {"inference", "same", {}}};
    ledger::replace_text(path, core::to_json(inspection));
  }
  EXPECT_THAT(report().remarks.notes,
              ElementsAre(AllOf(HasSubstr("otherwise: sentiment"), Not(HasSubstr("inference")))));
}

TEST_F(SweepSingleEdits, TheirOwnReportHasThemToo) {
  write_single("sweep-disabling");
  EXPECT_THAT(report("sweep-disabling").remarks.notes, IsEmpty());
  EXPECT_THAT(text("summary.md", "sweep-disabling"), AllOf(HasSubstr("## Single edits"), HasSubstr(kVerdict)));
}

TEST_F(SweepSingleEdits, AReportOfSeveralSweepsHasThoseOfEach) {
  write_single("sweep-disabling");
  auto other = config_;
  other.seed = 41;
  write(world_ / "more", other, {});
  for (const auto& cell : other.cells) commit(world_ / "more", other, cell, {}, 60);
  write_comparison({{world_ / "sweep", world_ / "more"}, world_ / "both", {}, ReportOptions{false}},
                   editing::catalogue());
  const auto both = test::read_text(world_ / "both/summary.md");
  EXPECT_THAT(both, AllOf(HasSubstr("* **sweep**: **rome on tiny**: a single disabling edit exists"),
                          HasSubstr("| sweep | rome      | tiny  | F1 kept, %"),
                          HasSubstr("**more**: No edit was made alone (–) by rome on tiny, ft-c on tiny:")));
}

}  // namespace
}  // namespace lethe::report
