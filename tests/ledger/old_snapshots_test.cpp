#include "ledger/old_snapshots.h"

#include <gtest/gtest.h>

namespace lethe::ledger {
namespace {

constexpr const char* kIdentity = "0123456789ab";

TEST(UnneededSnapshots, AreThoseBehindWhichAllIsDone) {
  using core::ReductionPart;
  CellFiles files;
  files.segments = {{1, 2, {}}, {3, 4, {}}, {5, 6, {}}};
  files.snapshots = {{2, {}}, {3, {}}, {4, {}}, {6, {}}, {8, {}}};
  files.reductions = {{ReductionPart::kDistance, 2, kIdentity, {}}, {ReductionPart::kDistance, 4, "ba9876543210", {}}};
  const auto parts_due = [](std::int64_t edit) {
    return edit % 2 == 0 ? std::vector{ReductionPart::kDistance} : std::vector<ReductionPart>{};
  };
  const auto edits_of = [&] {
    std::vector<std::int64_t> edits;
    for (const auto& one : unneeded_snapshots(files, parts_due, {{ReductionPart::kDistance, kIdentity}}))
      edits.push_back(one.edit);
    return edits;
  };
  EXPECT_EQ(edits_of(), (std::vector<std::int64_t>{2, 3})) << "4 is reduced under another identity, 6 is the newest";
  files.reductions.push_back({ReductionPart::kDistance, 4, kIdentity, {}});
  EXPECT_EQ(edits_of(), (std::vector<std::int64_t>{2, 3, 4}));
  files.segments.resize(1);
  EXPECT_EQ(edits_of(), std::vector<std::int64_t>{}) << "a lost segment: the snapshots behind it are its remains";
}

}  // namespace
}  // namespace lethe::ledger
