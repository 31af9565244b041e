#include "ledger/cell_identities.h"

#include <gtest/gtest.h>

#include "core/digest.h"
#include "tests/support/temporary_folder.h"

namespace lethe::ledger {
namespace {

constexpr const char* kOneIdentity = "111111111111";
constexpr const char* kOtherIdentity = "222222222222";

class CellIdentitiesTest : public testing::Test {
 protected:
  void commit(const std::string& identity, const std::string& stem) const {
    const auto name = stem + "-" + core::digest_of("x").hex() + ".h5";
    folder_.write(std::filesystem::relative(sweep_.cell(cell_, identity), folder_.path()) / name, "x");
  }

  test::TemporaryFolder folder_;
  SweepFolder sweep_{folder_.path()};
  core::GridCell cell_{"rome", "m", 0};
};

TEST_F(CellIdentitiesTest, ThoseThatLieAloneAreTaken) {
  EXPECT_EQ(sole_identities(sweep_, cell_).edit, "");
  commit(kOneIdentity, segment_stem(1, 10));
  commit(kOneIdentity, reduction_stem(core::ReductionPart::kDistance, 10, kOneIdentity));
  const auto sole = sole_identities(sweep_, cell_);
  EXPECT_EQ(sole.edit, kOneIdentity);
  EXPECT_EQ(sole.reductions.at(core::ReductionPart::kDistance), kOneIdentity);
  EXPECT_EQ(read_cell_ledger(sweep_, cell_, sole).reductions.size(), 1U);
}

TEST_F(CellIdentitiesTest, OfSeveralNoneIsGuessed) {
  commit(kOneIdentity, segment_stem(1, 10));
  for (const auto* identity : {kOneIdentity, kOtherIdentity}) {
    commit(kOneIdentity, reduction_stem(core::ReductionPart::kTasks, 10, identity));
  }
  EXPECT_TRUE(sole_identities(sweep_, cell_).reductions.empty());
  commit(kOtherIdentity, segment_stem(1, 20));
  const auto sole = sole_identities(sweep_, cell_);
  EXPECT_EQ(sole.edit, "");
  EXPECT_EQ(read_cell_ledger(sweep_, cell_, sole).num_edits, 0);
}

}  // namespace
}  // namespace lethe::ledger
