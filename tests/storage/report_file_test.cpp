#include "storage/report_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/storage/sample_contents.h"

namespace lethe::storage {
namespace {

using test::TemporaryFolder;

ReportContents report() {
  ReportContents contents;
  contents.experiment = "quickstart";
  contents.curves = {{{"ft-c", "a", 0}, "f1.sentiment", "Sentiment", {0, 30}, {81.5, 80.0}},
                     {{"rome", "a", 0}, "f1.sentiment", "Sentiment", {0}, {81.5}},
                     {{"rome", "a", 1}, "efficacy.window_5", "ES", {}, {}}};
  contents.provenance = {{"version", "0.1.0"}};
  return contents;
}

TEST(ReportFile, ComesBackByCellAndMetric) {
  const TemporaryFolder folder;
  write_report_file(folder / "curves.h5", report());
  const ReportContents read = read_report_file(folder / "curves.h5");
  EXPECT_EQ(read.experiment, "quickstart");
  ASSERT_EQ(read.curves.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(read.curves[i].cell, report().curves[i].cell);
    EXPECT_EQ(read.curves[i].metric, report().curves[i].metric);
    EXPECT_EQ(read.curves[i].label, report().curves[i].label);
    EXPECT_EQ(read.curves[i].edits, report().curves[i].edits);
    EXPECT_EQ(read.curves[i].values, report().curves[i].values);
  }
  EXPECT_EQ(read.provenance, report().provenance);
}

TEST(ReportFile, ReplacesAnOlderReport) {
  const TemporaryFolder folder;
  write_report_file(folder / "curves.h5", report());
  ReportContents newer = report();
  newer.curves.pop_back();
  write_report_file(folder / "curves.h5", newer);
  EXPECT_EQ(read_report_file(folder / "curves.h5").curves.size(), 2U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(ReportFile, RefusesTwoCurvesOfOneName) {
  const TemporaryFolder folder;
  ReportContents twice = report();
  twice.curves.push_back(twice.curves.front());
  EXPECT_THAT([&] { write_report_file(folder / "curves.h5", twice); },
              testing::ThrowsMessage<core::StorageError>(testing::HasSubstr("two curves of f1.sentiment")));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace lethe::storage
