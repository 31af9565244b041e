#include "report/figures.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/cell_curves.h"
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
  const auto history = load_cell_history(folder, config, config.cells[0], std::nullopt);
  return {"fake", cell_curves(history, config), {}};
}

TEST(Figures, EachIsDrawnFromTheCurvesFileAlone) {
  const test::TemporaryFolder report;
  storage::write_report_file(report.path() / "curves.h5", one_cell());
  const FigureResult result = draw_figures(report.path());
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

TEST(Figures, WithoutAnInterpreterTheReasonAndTheRemedyAreGiven) {
  const test::TemporaryFolder report;
  const FigureResult result = draw_figures(report.path(), {"/nonexistent/python3", "/bin/false"});
  EXPECT_TRUE(result.files.empty());
  EXPECT_THAT(result.problem, testing::AllOf(testing::HasSubstr("/nonexistent/python3, /bin/false"),
                                             testing::HasSubstr("install python3-h5py")));
}

TEST(Figures, AFailingScriptIsNamedWithItsLog) {
  const test::TemporaryFolder report;
  std::ofstream(report.path() / "curves.h5") << "no HDF5 file";
  const FigureResult result = draw_figures(report.path());
  EXPECT_THAT(result.problem, testing::HasSubstr("plot_figures.log"));
}

}  // namespace
}  // namespace lethe::report
