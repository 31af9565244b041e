#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/app/child_process.h"
#include "tests/support/tiny_world.h"

namespace lethe {
namespace {

namespace fs = std::filesystem;
using test::lethe_command;
using test::Output;
using test::run_command;

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class Verbs : public testing::Test {
 protected:
  Output lethe(const std::vector<std::string>& arguments, int ranks = 1) const {
    return run_command(lethe_command(arguments, ranks), world_.path());
  }
  std::string path(const std::string& name) const { return (world_.path() / name).string(); }

  test::TemporaryFolder world_;
  std::string config_ = test::write_tiny_world(world_.path()).string();
};

TEST_F(Verbs, CellEqualsTheSweepsCell) {
  ASSERT_EQ(lethe({"sweep", config_, "--out", path("sweep")}, 2).status, 0);
  test::TinyWorldOptions one;
  one.methods = "[rome]";
  one.models = "[tiny-gptj]";
  one.samples = "[1]";
  test::TemporaryFolder other;
  const auto config = test::write_tiny_world(other.path(), one).string();
  ASSERT_EQ(lethe({"sweep", config, "--out", path("one")}).status, 0);
  const auto cell = lethe({"cell", config, "--cell", "rome/tiny-gptj/sample1", "--out", path("cell")});
  ASSERT_EQ(cell.status, 0) << cell.text;
  const auto same = lethe({"verify", "--same", path("one"), path("cell")});
  EXPECT_EQ(same.status, 0) << same.text;
}

TEST_F(Verbs, PlanTellsCellsAndPrerequisites) {
  const auto plan = lethe({"plan", config_});
  EXPECT_EQ(plan.status, 0) << plan.text;
  EXPECT_NE(plan.text.find("rome/tiny-gpt2/sample0"), std::string::npos) << plan.text;
  EXPECT_NE(plan.text.find("ft-c/tiny-gptj/sample1"), std::string::npos) << plan.text;
}

TEST_F(Verbs, ConfigErrorsAreToldAllAtOnceWithTheirPlaces) {
  std::ofstream(path("bad.yaml")) << "name: x\nsede: 3\nedits: many\n";
  const auto plan = lethe({"plan", path("bad.yaml")});
  EXPECT_EQ(plan.status, 2) << plan.text;
  EXPECT_NE(plan.text.find("bad.yaml:2:1"), std::string::npos) << plan.text;
  EXPECT_NE(plan.text.find("seed"), std::string::npos) << plan.text;
  EXPECT_NE(plan.text.find("bad.yaml:3:"), std::string::npos) << plan.text;
}

TEST_F(Verbs, StatusReportVerifyExportAndGenerateWorkOnAFinishedSweep) {
  ASSERT_EQ(lethe({"sweep", config_, "--out", path("s")}, 2).status, 0);
  const auto status = lethe({"status", path("s")});
  EXPECT_EQ(status.status, 0) << status.text;
  EXPECT_NE(status.text.find("6/6"), std::string::npos) << status.text;

  const auto report = lethe({"report", path("s")});
  EXPECT_EQ(report.status, 0) << report.text;
  EXPECT_NE(text_of(path("s/report/curves.csv")).find("rome/tiny-gpt2/sample0"), std::string::npos);
  EXPECT_TRUE(fs::exists(path("s/report/summary.md")));
  EXPECT_FALSE(fs::is_empty(path("s/report/figures")));

  EXPECT_EQ(lethe({"verify", path("s")}).status, 0);
  const auto exported =
      lethe({"export", path("s"), "--cell", "ft-c/tiny-gpt2/sample0", "--edits", "5", "--to", path("model")});
  EXPECT_EQ(exported.status, 0) << exported.text;
  const auto from_folder = lethe({"generate", "--model", path("model"), "--prompt", "Suao is", "--tokens", "4"});
  const auto from_sweep = lethe({"generate", path("s"), "--cell", "ft-c/tiny-gpt2/sample0", "--edits", "5", "--prompt",
                                 "Suao is", "--tokens", "4"});
  EXPECT_EQ(from_folder.status, 0) << from_folder.text;
  EXPECT_EQ(from_folder.text, from_sweep.text);
}

TEST_F(Verbs, SingleEditsAreSpreadOverRanksAndToldOnce) {
  const std::vector<std::string> command{"diagnose", "disabling", config_, "--method", "rome",   "--cases",
                                         "3",        "--normal",  "2",     "--out",    path("d")};
  const auto run = lethe(command, 2);
  ASSERT_EQ(run.status, 0) << run.text;
  EXPECT_NE(run.text.find("6 cells, 2 rank(s)"), std::string::npos) << run.text;
  const auto sentence = run.text.find("rome on tiny-gpt2: ");
  ASSERT_NE(sentence, std::string::npos) << run.text;
  EXPECT_EQ(run.text.find("rome on tiny-gpt2: ", sentence + 1), std::string::npos) << "by one rank: " << run.text;
  EXPECT_TRUE(fs::exists(path("d/report/disabling.csv")));
  EXPECT_NE(text_of(path("d/report/disabling.tex")).find("\\label{tab:lethe-disabling-edits}"), std::string::npos);
  const auto two = lethe({"report", path("d"), path("d"), "--out", path("two"), "--disabling", path("d")});
  EXPECT_EQ(two.status, 2) << two.text;
  EXPECT_NE(two.text.find("--disabling: goes with one sweep"), std::string::npos) << two.text;
  EXPECT_EQ(lethe({"report", path("d"), "--no-figures", "--disabling", path("d")}).status, 0);
  EXPECT_NE(text_of(path("d/report/summary.md")).find("## Single edits"), std::string::npos);
  auto twice = command;
  twice.insert(twice.end(), {"--ranks", "2"});
  const auto refused = lethe(twice, 2);
  EXPECT_EQ(refused.status, 2) << refused.text;
  EXPECT_NE(refused.text.find("mpirun's -n"), std::string::npos) << refused.text;
}

TEST_F(Verbs, AWordThatIsNoVerbIsAnsweredWithTheNearest) {
  const auto typo = lethe({"swep", config_});
  EXPECT_EQ(typo.status, 2);
  EXPECT_NE(typo.text.find("did you mean \"sweep\"?"), std::string::npos) << typo.text;
  const auto inner = lethe({"diagnose", "recal"});
  EXPECT_EQ(inner.status, 2);
  EXPECT_NE(inner.text.find("did you mean \"recall\"?"), std::string::npos) << inner.text;
  EXPECT_NE(lethe({"zzzzzz"}).text.find("lethe --help"), std::string::npos);
  const auto usage = lethe({"report", "--help"});
  EXPECT_EQ(usage.status, 0);
  EXPECT_NE(usage.text.find("lethe report"), std::string::npos) << usage.text;
  EXPECT_EQ(usage.text.find("lethe-executor"), std::string::npos) << usage.text;
}

TEST_F(Verbs, VerifyNamesADamagedFile) {
  ASSERT_EQ(lethe({"sweep", config_, "--out", path("s")}).status, 0);
  fs::path victim;
  for (const auto& entry : fs::recursive_directory_iterator(path("s/cells"))) {
    if (entry.path().filename().string().starts_with("forgetting-")) victim = entry.path();
  }
  std::ofstream(victim, std::ios::app) << "x";
  const auto result = lethe({"verify", path("s")});
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.text.find(victim.filename().string()), std::string::npos) << result.text;
}

}  // namespace
}  // namespace lethe
