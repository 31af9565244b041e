#include "ledger/cancelled_cells.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "core/error.h"
#include "ledger/cell_identities.h"
#include "tests/support/temporary_folder.h"

namespace lethe::ledger {
namespace {

class CancelledCells : public ::testing::Test {
 protected:
  test::TemporaryFolder folder_;
  SweepFolder sweep_{folder_.path()};
  const core::GridCell cell_{"ft-c", "gpt2-xl", 3};
  const core::GridCell other_{"rome", "gpt2-xl", 12};
};

TEST_F(CancelledCells, AreAFileEach) {
  EXPECT_TRUE(cancelled_cells(sweep_).empty()) << "there is no folder of them yet";
  EXPECT_FALSE(restore_cell(sweep_, cell_));
  cancel_cell(sweep_, cell_, "it \"collapsed\"");
  cancel_cell(sweep_, other_, "");
  EXPECT_EQ(cancelled_cells(sweep_), (std::set{cell_, other_}));
  EXPECT_TRUE(std::filesystem::exists(sweep_.cancelled() / "ft-c+gpt2-xl+sample3.json"));
  EXPECT_EQ(read_cancellation(sweep_, cell_)->reason, "it \"collapsed\"");
  EXPECT_TRUE(restore_cell(sweep_, cell_));
  EXPECT_EQ(cancelled_cells(sweep_), std::set{other_});
  EXPECT_FALSE(read_cancellation(sweep_, cell_).has_value());
}

TEST_F(CancelledCells, TheLastReasonStays) {
  cancel_cell(sweep_, cell_, "first");
  cancel_cell(sweep_, cell_, "second");
  EXPECT_EQ(read_cancellation(sweep_, cell_)->reason, "second");
}

TEST_F(CancelledCells, ArePartOfWhatACellsFilesSay) {
  EXPECT_FALSE(read_cell_ledger(sweep_, cell_, {}).is_cancelled);
  cancel_cell(sweep_, cell_, "");
  EXPECT_TRUE(read_cell_ledger(sweep_, cell_, {}).is_cancelled) << "also before anything is committed";
}

TEST_F(CancelledCells, WhatAFileHoldsDecidesNothing) {
  for (const char* text : {"", "{\"reason\": 7}", "[]", "{"}) {
    folder_.write("cancelled/ft-c+gpt2-xl+sample3.json", text);
    EXPECT_TRUE(is_cancelled(sweep_, cell_)) << text;
    EXPECT_EQ(read_cancellation(sweep_, cell_)->reason, "") << text;
  }
}

TEST_F(CancelledCells, OtherFilesArePassedOver) {
  cancel_cell(sweep_, cell_, "");
  for (const char* name : {".ft-c+m+sample1.json.host_1.1.1.1.tmp", "notes.txt", "ft-c.json", "a+b+c.json",
                           "rome+gpt2-xl+sample12.json.bak"}) {
    folder_.write(std::string("cancelled/") + name, "{}");
  }
  std::filesystem::create_directory(sweep_.cancelled() / "rome+gpt2-xl+sample12.json");
  EXPECT_EQ(cancelled_cells(sweep_), std::set{cell_});
  EXPECT_FALSE(is_cancelled(sweep_, other_)) << "a folder";
}

TEST_F(CancelledCells, NothingIsWrittenThroughALink) {
  const test::TemporaryFolder elsewhere;
  std::filesystem::create_directory_symlink(elsewhere.path(), sweep_.cancelled());
  EXPECT_THROW(cancel_cell(sweep_, cell_, ""), core::StorageError);
  EXPECT_TRUE(std::filesystem::is_empty(elsewhere.path()));
}

TEST_F(CancelledCells, AFileInThePlaceOfTheirFolderCancelsNothing) {
  folder_.write("cancelled", "x");
  EXPECT_FALSE(is_cancelled(sweep_, cell_));
  EXPECT_THROW(cancel_cell(sweep_, cell_, ""), core::StorageError);
}

}  // namespace
}  // namespace lethe::ledger
