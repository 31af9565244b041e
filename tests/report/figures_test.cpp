#include "report/figures.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "report/cell_curves.h"
#include "report/cell_history.h"
#include "storage/report_file.h"
#include "tests/report/fake_sweep.h"

namespace lethe::report {
namespace {

storage::ReportContents one_cell() {
  const test::TemporaryFolder sweep;
  const ledger::SweepFolder folder(sweep.path());
  const auto config = fake::experiment({"rome"}, {"tiny"}, 1, 60);
  fake::commit_baseline(folder, config, "tiny");
  fake::commit_cell(folder, config, config.cells[0], {}, 60);
  IdentityChoice choice;
  const auto history = load_cell_history(folder, config, config.cells[0], choice);
  return {"fake", cell_curves(history, config), {}};
}

TEST(Figures, EachIsDrawnFromTheCurvesFileAlone) {
  const test::TemporaryFolder report;
  storage::write_report_file(report.path() / "curves.h5", one_cell());
  const FigureResult result = draw_figures(ledger::RealFolder::make(report.path()));
  ASSERT_EQ(result.problem, "");
  std::set<std::string> names;
  for (const auto& file : result.files) {
    names.insert(file.lexically_relative(report.path() / "figures").string());
    EXPECT_GT(std::filesystem::file_size(file), 20'000U) << file << " can hardly hold a picture";
    std::ifstream stream(file, std::ios::binary);
    std::string signature(4, ' ');
    stream.read(signature.data(), 4);
    EXPECT_EQ(signature, "\x89PNG");
  }
  EXPECT_THAT(names, testing::ElementsAre("downstream-rome-tiny.png", "editing-rome-tiny.png", "overview.png",
                                          "samples/downstream-tiny-sample0.png", "samples/editing-tiny-sample0.png"));
}

/// A report's folder in which somebody has set traps.
class HostileReportFolder : public testing::Test {
 protected:
  HostileReportFolder() {
    storage::write_report_file(report_ / "curves.h5", one_cell());
    std::filesystem::create_directories(elsewhere_ / "samples");
    for (const auto* name : {"photo.png", "overview.png", "samples/photo.png", "diary.txt"}) {
      elsewhere_.write(name, "precious");
    }
  }
  [[nodiscard]] ledger::RealFolder folder() const { return ledger::RealFolder::make(report_.path()); }
  [[nodiscard]] bool is_elsewhere_untouched() const {
    for (const auto* name : {"photo.png", "overview.png", "samples/photo.png", "diary.txt"}) {
      if (test::read_text(elsewhere_ / name) != "precious") return false;
    }
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(elsewhere_.path()))
      count += !entry.path().empty();
    return count == 5;
  }

  test::TemporaryFolder report_;
  test::TemporaryFolder elsewhere_;
};

TEST_F(HostileReportFolder, ModulesThatLieAboutAreNotImported) {
  const test::TemporaryFolder here;
  for (const auto* name : {"h5py.py", "numpy.py", "json.py", "matplotlib.py", "os.py", "site.py", "sitecustomize.py"}) {
    const std::string trap = "open('" + (here / "TRAPPED").string() + "', 'w')\nraise SystemExit(0)\n";
    report_.write(name, trap);
    here.write(name, trap);
  }
  here.write("matplotlibrc", "backend: no such backend\n");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(here.path());
  ASSERT_EQ(::setenv("PYTHONPATH", here.path().c_str(), 1), 0);
  const FigureResult result = draw_figures(folder());
  ::unsetenv("PYTHONPATH");
  std::filesystem::current_path(before);
  EXPECT_EQ(result.problem, "");
  EXPECT_EQ(result.files.size(), 5U);
  EXPECT_FALSE(std::filesystem::exists(here / "TRAPPED"));
}

TEST_F(HostileReportFolder, ALinkInThePlaceOfFiguresIsNotFollowed) {
  std::filesystem::create_directory_symlink(elsewhere_.path(), report_ / "figures");
  report_.write("figures.txt", "photo.png\noverview.png\nsamples/photo.png\n");
  EXPECT_THROW((void)draw_figures(folder()), core::StorageError);
  EXPECT_TRUE(is_elsewhere_untouched());
}

TEST_F(HostileReportFolder, ALinkInThePlaceOfSamplesIsNotFollowed) {
  std::filesystem::create_directory(report_ / "figures");
  std::filesystem::create_directory_symlink(elsewhere_.path(), report_ / "figures/samples");
  report_.write("figures.txt", "samples/photo.png\n");
  EXPECT_THROW((void)draw_figures(folder()), core::StorageError);
  EXPECT_TRUE(is_elsewhere_untouched());
}

TEST_F(HostileReportFolder, LinksInThePlaceOfFilesAreReplaced) {
  std::filesystem::create_directory(report_ / "figures");
  for (const auto* name : {"plot_figures.log", "plot_figures.py", "figures.txt", "figures/overview.png"}) {
    std::filesystem::create_symlink(elsewhere_ / "diary.txt", report_ / name);
  }
  EXPECT_EQ(draw_figures(folder()).problem, "");
  EXPECT_TRUE(is_elsewhere_untouched());
  EXPECT_FALSE(std::filesystem::is_symlink(report_ / "figures/overview.png"));
}

TEST_F(HostileReportFolder, OnlyFiguresThatAReportDrewAreRemoved) {
  report_.write("figures/mine.png", "precious");
  report_.write("figures/samples/mine.png", "precious");
  report_.write("figures/editing-old-cell.png", "old");
  const auto outside = std::filesystem::relative(elsewhere_ / "photo.png", report_ / "figures").string();
  report_.write("figures.txt", "editing-old-cell.png\n../curves.h5\nsamples/../../curves.h5\n" + outside + "\n" +
                                   (elsewhere_ / "photo.png").string() + "\n\n/\n..\n.png\nsamples/\n");
  EXPECT_EQ(draw_figures(folder()).problem, "");
  EXPECT_EQ(test::read_text(report_ / "figures/mine.png"), "precious");
  EXPECT_EQ(test::read_text(report_ / "figures/samples/mine.png"), "precious");
  EXPECT_FALSE(std::filesystem::exists(report_ / "figures/editing-old-cell.png"));
  EXPECT_TRUE(std::filesystem::exists(report_ / "curves.h5"));
  EXPECT_TRUE(is_elsewhere_untouched());
  for (const auto& entry : std::filesystem::directory_iterator(report_.path())) {
    EXPECT_FALSE(entry.path().filename().string().starts_with(".")) << entry.path() << " was left behind";
  }
}

TEST_F(HostileReportFolder, ThoseOfTheLastReportAreKnown) {
  EXPECT_TRUE(drawn_figures(folder()).empty());
  const auto drawn = draw_figures(folder()).files;
  EXPECT_EQ(drawn_figures(folder()), drawn);
  std::filesystem::remove(drawn.front());
  EXPECT_TRUE(drawn_figures(folder()).empty()) << "not whole any more";
}

TEST(Figures, WithoutAnInterpreterTheReasonAndTheRemedyAreGiven) {
  const test::TemporaryFolder report;
  const FigureResult result =
      draw_figures(ledger::RealFolder::make(report.path()), {"/nonexistent/python3", "/bin/false"});
  EXPECT_TRUE(result.files.empty());
  EXPECT_THAT(result.problem, testing::AllOf(testing::HasSubstr("/nonexistent/python3, /bin/false"),
                                             testing::HasSubstr("install python3-h5py")));
}

TEST(Figures, AFailingScriptIsNamedWithItsLog) {
  const test::TemporaryFolder report;
  std::ofstream(report.path() / "curves.h5") << "no HDF5 file";
  const FigureResult result = draw_figures(ledger::RealFolder::make(report.path()));
  EXPECT_THAT(result.problem, testing::HasSubstr("plot_figures.log"));
}

}  // namespace
}  // namespace lethe::report
