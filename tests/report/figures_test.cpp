#include "report/figures.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "report/cell_curves.h"
#include "report/cell_history.h"
#include "report/phases.h"
#include "report/phases_page.h"
#include "storage/report_file.h"
#include "tests/report/fake_sweep.h"

namespace lethe::report {
namespace {

storage::ReportContents one_cell(std::optional<std::int64_t> scores_every = {}) {
  const test::TemporaryFolder sweep;
  const ledger::SweepFolder folder(sweep.path());
  auto config = fake::experiment({"rome"}, {"tiny"}, 1, 60);
  if (scores_every) config.scores_every = *scores_every;
  fake::commit_baseline(folder, config, "tiny");
  fake::commit_cell(folder, config, config.cells[0], {}, 60);
  IdentityChoice choice;
  const auto history = load_cell_history(folder, config, config.cells[0], choice);
  return {"fake", cell_curves(history, config), {}};
}

std::set<std::string> names_of(const std::vector<std::filesystem::path>& files, const std::filesystem::path& report) {
  std::set<std::string> names;
  for (const auto& file : files) names.insert(file.lexically_relative(report / "figures").string());
  return names;
}

/// What every format begins with.
std::string signature_of(const std::filesystem::path& file) {
  if (file.extension() == ".png") return "\x89PNG";
  if (file.extension() == ".pdf") return "%PDF";
  return file.extension() == ".svg" ? "<?xm" : "";
}

constexpr std::array kStems{"downstream-rome-tiny",
                            "editing-rome-tiny",
                            "forgetting-tiny",
                            "overview",
                            "samples/course-rome-tiny-sample0",
                            "samples/downstream-tiny-sample0",
                            "samples/editing-tiny-sample0"};

TEST(Figures, ADrawingThatIsToldToStopEndsAndLeavesNothing) {
  const test::TemporaryFolder report;
  storage::write_report_file(report.path() / "curves.h5", one_cell());
  FigureOptions options;
  options.should_stop = [] { return true; };
  const FigureResult result = draw_figures(ledger::RealFolder::make(report.path()), options);
  EXPECT_TRUE(result.is_stopped);
  EXPECT_THAT(result.problem, testing::HasSubstr("run `lethe report` again"));
  EXPECT_THAT(result.files, testing::IsEmpty());
  for (const auto& entry : std::filesystem::directory_iterator(report.path())) {
    EXPECT_FALSE(entry.is_directory()) << entry.path();
  }
}

TEST(Figures, EachIsDrawnFromTheCurvesFileAloneInEveryFormatWithItsCaption) {
  const test::TemporaryFolder report;
  storage::write_report_file(report.path() / "curves.h5", one_cell());
  const FigureOptions options{{"png", "pdf", "svg"}, "column"};
  const FigureResult result = draw_figures(ledger::RealFolder::make(report.path()), options);
  ASSERT_EQ(result.problem, "");
  std::set<std::string> expected;
  for (const std::string stem : kStems) {
    for (const auto* ending : {".png", ".pdf", ".svg", ".txt"}) expected.insert(stem + ending);
  }
  EXPECT_EQ(names_of(result.files, report.path()), expected);
  for (const auto& file : result.files) {
    const std::string text = test::read_text(file);
    EXPECT_TRUE(text.starts_with(signature_of(file))) << file;
    EXPECT_GT(text.size(), file.extension() == ".txt" ? 200U : 8'000U) << file << " can hardly hold a picture";
  }
  EXPECT_THAT(test::read_text(report.path() / "figures/editing-rome-tiny.txt"),
              testing::AllOf(testing::HasSubstr("windows of 5 edits"), testing::HasSubstr("greedy answer")));
}

TEST(Figures, ScoresOfAllEditsAreDrawnWhereTheyHaveACourse) {
  const auto names = [](std::int64_t scores_every) {
    const test::TemporaryFolder report;
    storage::write_report_file(report.path() / "curves.h5", one_cell(scores_every));
    const FigureResult result = draw_figures(ledger::RealFolder::make(report.path()), {{"png"}, "column"});
    EXPECT_EQ(result.problem, "");
    return names_of(result.files, report.path());
  };
  EXPECT_THAT(names(20), testing::IsSupersetOf({"scores-tiny.png", "scores-tiny.txt"}));
  for (const std::int64_t every : {0, 60}) {
    EXPECT_THAT(names(every), testing::Not(testing::Contains("scores-tiny.png"))) << every;
  }
}

/// Big-endian, at `offset` of a PNG file.
std::uint32_t number_at(const std::string& bytes, std::size_t offset) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8U | static_cast<unsigned char>(bytes.at(offset + i));
  return number;
}

TEST(Figures, AreExactlyAsWideAsAskedFor) {
  const test::TemporaryFolder report;
  storage::write_report_file(report.path() / "curves.h5", one_cell());
  ASSERT_EQ(draw_figures(ledger::RealFolder::make(report.path()), {{"png"}, "90"}).problem, "");
  for (const std::string stem : kStems) {
    const std::string bytes = test::read_text(report.path() / "figures" / (stem + ".png"));
    EXPECT_NEAR(number_at(bytes, 16), 90.0 / 25.4 * 200.0, 1.0) << stem;
  }
}

TEST(Figures, OnlySensibleWidthsAreWidths) {
  for (const auto* width : {"column", "page", "40", "84.5", "500"}) EXPECT_TRUE(is_figure_width(width)) << width;
  for (const auto* width : {"", "39", "501", "wide", "nan", "inf", "-80", "80mm", "80 ", " 80", "1e9", "--help"}) {
    EXPECT_FALSE(is_figure_width(width)) << width;
  }
}

std::string caption_of_course(const std::filesystem::path& report) {
  std::string caption = test::read_text(report / "figures/samples/course-rome-tiny-sample0.txt");
  std::ranges::replace(caption, '\n', ' ');
  return caption;
}

/// A cell that breaks between edits 40 and 50, and what the report's own files say of it.
TEST(Figures, ThePointOfCatastrophicForgettingIsMarkedAsPhasesCsvNamesIt) {
  CellPhases phases;
  phases.cell = {"rome", "tiny", 0};
  for (const IndicatorKind kind : kAllIndicators) phases.indicators.push_back({kind, {}, {}, "not measured"});
  auto& f1 = phases.indicators.front();
  f1.search = {true, {{40, 50, 50, 40, 50, 90.0, 10.0, 2.0, 0.99, 2, {}}}, 0.99};
  phases.point = CatastrophicPoint{40, 50, 40, 0.9875, {{IndicatorKind::kF1, f1.search.breaks[0]}}};
  phases.forgetting = Rate{12.5, 10.25, 15.0, 40};
  phases.edit = EditBehindPoint{45, 5045, true, 8.0, true};
  auto contents = one_cell();
  const test::TemporaryFolder report;
  const auto folder = ledger::RealFolder::make(report.path());
  storage::write_report_file(report.path() / "curves.h5", contents);
  report.write("phases.csv", phases_csv(std::vector{phases}, {{5045, "Welsman, \"Carol\""}}));
  ASSERT_EQ(draw_figures(folder, {{"png"}, "column"}).problem, "");
  EXPECT_THAT(
      caption_of_course(report.path()),
      testing::AllOf(testing::HasSubstr("after edit 40 and by edit 50, lies the point of catastrophic forgetting, "
                                        "with a confidence of 0.988."),
                     testing::HasSubstr("up to edit 40, facts are forgotten at 12.50 points per 100 edits (95 %: "
                                        "10.25 to 15.00)."),
                     testing::HasSubstr("stands out: edit 45 (case 5045, Welsman, \"Carol\").")));
  const std::string marked = test::read_text(report.path() / "figures/samples/course-rome-tiny-sample0.png");
  const std::string downstream = test::read_text(report.path() / "figures/downstream-rome-tiny.png");

  for (auto& curve : phase_curves(phases)) contents.curves.push_back(std::move(curve));
  storage::write_report_file(report.path() / "curves.h5", contents);
  phases.point.reset();
  report.write("phases.csv", phases_csv(std::vector{phases}, {}));
  ASSERT_EQ(draw_figures(folder, {{"png"}, "column"}).problem, "");
  EXPECT_THAT(caption_of_course(report.path()), testing::HasSubstr("forgetting: none observed."));
  EXPECT_NE(test::read_text(report.path() / "figures/samples/course-rome-tiny-sample0.png"), marked);
  EXPECT_EQ(test::read_text(report.path() / "figures/downstream-rome-tiny.png"), downstream)
      << "curves break.* are none of those that are drawn";
}

TEST(Figures, APhasesFileThatSaysNothingUsableMarksNothing) {
  const test::TemporaryFolder report;
  storage::write_report_file(report.path() / "curves.h5", one_cell());
  report.write(
      "phases.csv",
      "method,model,sample,verdict,after,by,edit,edit_stands_out\nrome,tiny,0,\"$x$, <b>\",inf,1,5,1\n,,,\n\xff\n");
  EXPECT_EQ(draw_figures(ledger::RealFolder::make(report.path()), {{"png"}, "column"}).problem, "");
  EXPECT_THAT(caption_of_course(report.path()), testing::HasSubstr("Point of catastrophic forgetting: $x$, <b>."));
}

TEST(Figures, NamesThatLookLikeMathematicsAreDrawnAsTheyAre) {
  auto contents = one_cell();
  contents.experiment = "$\\frac{$";
  for (auto& curve : contents.curves) {
    if (curve.metric.starts_with("f1.")) curve.label = "_$\\frac{1}$ <b>\x01 & \\input{x} $" + std::string(300, 'W');
  }
  const test::TemporaryFolder report;
  storage::write_report_file(report.path() / "curves.h5", contents);
  EXPECT_EQ(draw_figures(ledger::RealFolder::make(report.path()), {{"png"}, "column"}).problem, "");
}

/// A report's folder in which somebody has set traps.
class HostileReportFolder : public testing::Test {
 protected:
  HostileReportFolder() {
    storage::write_report_file(report_ / "curves.h5", one_cell());
    std::filesystem::create_directories(elsewhere_ / "samples");
    for (const auto* name :
         {"photo.png", "overview.png", "samples/photo.png", "samples/photo.pdf", "photo.txt", "diary.txt"}) {
      elsewhere_.write(name, "precious");
    }
  }
  [[nodiscard]] ledger::RealFolder folder() const { return ledger::RealFolder::make(report_.path()); }
  [[nodiscard]] bool is_elsewhere_untouched() const {
    for (const auto* name :
         {"photo.png", "overview.png", "samples/photo.png", "samples/photo.pdf", "photo.txt", "diary.txt"}) {
      if (test::read_text(elsewhere_ / name) != "precious") return false;
    }
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(elsewhere_.path()))
      count += !entry.path().empty();
    return count == 7;
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
  EXPECT_EQ(result.files.size(), 3U * kStems.size()) << "PNG, PDF and caption of each";
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
  report_.write("figures.txt", "samples/photo.png\nsamples/photo.pdf\n");
  EXPECT_THROW((void)draw_figures(folder()), core::StorageError);
  EXPECT_TRUE(is_elsewhere_untouched());
}

TEST_F(HostileReportFolder, LinksInThePlaceOfFilesAreReplaced) {
  std::filesystem::create_directory(report_ / "figures");
  for (const auto* name : {"plot_figures.log", "plot_figures.py", "plot_looks.py", "figures.txt",
                           "figures/overview.png", "figures/overview.pdf", "figures/overview.txt"}) {
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
                                   (elsewhere_ / "photo.png").string() +
                                   "\n\n/\n..\n.png\nsamples/\nsamples/.txt\n../plot_figures.py\nsecret.h5\n");
  report_.write("figures/secret.h5", "precious");
  EXPECT_EQ(draw_figures(folder()).problem, "");
  EXPECT_EQ(test::read_text(report_ / "figures/mine.png"), "precious");
  EXPECT_EQ(test::read_text(report_ / "figures/secret.h5"), "precious");
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
  EXPECT_TRUE(drawn_figures(folder(), {{"png"}, "page"}).empty()) << "of other formats";
  EXPECT_TRUE(drawn_figures(folder(), {{"png", "pdf"}, "column"}).empty()) << "of another width";
  report_.write("phases.csv", phases_csv({}, {}));
  EXPECT_TRUE(drawn_figures(folder()).empty()) << "without the phases";
  std::filesystem::remove(report_ / "phases.csv");
  EXPECT_EQ(drawn_figures(folder()), drawn);
  std::filesystem::remove(drawn.front());
  EXPECT_TRUE(drawn_figures(folder()).empty()) << "not whole any more";
}

TEST(Figures, WithoutAnInterpreterTheReasonAndTheRemedyAreGiven) {
  const test::TemporaryFolder report;
  const FigureResult result = draw_figures(ledger::RealFolder::make(report.path()), {}, kDrawingOfASweep,
                                           {"/nonexistent/python3", "/bin/false"});
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
