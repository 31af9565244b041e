#include "ledger/collapse_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "ledger/cell_identities.h"
#include "ledger/durable_file.h"
#include "tests/support/temporary_folder.h"

namespace lethe::ledger {
namespace {

namespace fs = std::filesystem;

class CollapseFiles : public testing::Test {
 protected:
  CommittedFile commit(const std::string& stem, const std::string& text, const std::string& extension = ".json") {
    return commit_file(
        folder_.path(), stem, [&](const fs::path& temporary) { write_new_file(temporary, text); }, extension);
  }
  [[nodiscard]] CellFiles files() const { return scan_cell(folder_.path()); }

  test::TemporaryFolder folder_;
};

TEST_F(CollapseFiles, TheNameTellsTheEdit) {
  EXPECT_FALSE(files().collapsed_at());
  const auto file = commit(collapse_stem(337), collapse_text(337));
  EXPECT_TRUE(file.path.filename().string().starts_with("collapsed-0000337-")) << file.path;
  EXPECT_TRUE(is_collapse_file(file.path));
  EXPECT_EQ(files().collapsed_at(), 337);
  EXPECT_EQ(ledger_of(files(), {}).collapsed_at, 337);
  EXPECT_EQ(flaw_of(files().collapses.front()), std::nullopt);
}

TEST_F(CollapseFiles, OtherNamesTellNothing) {
  commit("collapsed-337", collapse_text(337));
  commit("collapsed-0000000", collapse_text(0));
  commit("collapsed-00000337", collapse_text(337));
  commit("collapsed-0000337x", collapse_text(337));
  const auto file = commit("collapsed-0000337", collapse_text(337), ".h5");
  std::ofstream(folder_.path() / "collapsed-0000337.json") << collapse_text(337);
  EXPECT_FALSE(is_collapse_file(file.path));
  EXPECT_FALSE(is_collapse_file(folder_.path() / "collapsed-0000337.json"));
  EXPECT_TRUE(files().collapses.empty());
}

TEST_F(CollapseFiles, OtherContentsAreAFlaw) {
  const auto file = commit(collapse_stem(337), collapse_text(338));
  const auto flaw = flaw_of(files().collapses.front());
  ASSERT_TRUE(flaw);
  EXPECT_NE(flaw->find(file.path.string()), std::string::npos) << *flaw;
  EXPECT_NE(flaw->find("a collapse at edit 337"), std::string::npos) << *flaw;
}

TEST_F(CollapseFiles, ChangedBytesAreAFlaw) {
  const auto file = commit(collapse_stem(337), collapse_text(337));
  std::ofstream(file.path, std::ios::app) << ' ';
  EXPECT_EQ(files().collapsed_at(), 337) << "names alone are read";
  EXPECT_TRUE(flaw_of(files().collapses.front()));
}

TEST_F(CollapseFiles, OfSeveralTheFirstEditCounts) {
  commit(collapse_stem(400), collapse_text(400));
  commit(collapse_stem(337), collapse_text(337));
  ASSERT_EQ(files().collapses.size(), 2U);
  EXPECT_EQ(files().collapsed_at(), 337);
}

}  // namespace
}  // namespace lethe::ledger
