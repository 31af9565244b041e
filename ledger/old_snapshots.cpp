#include "ledger/old_snapshots.h"

#include <algorithm>

namespace lethe::ledger {

std::vector<SnapshotFile> unneeded_snapshots(const CellFiles& files, const PartsDue& parts_due,
                                             const std::map<core::ReductionPart, std::string>& identities) {
  std::vector<SnapshotFile> unneeded;
  for (const auto& snapshot : files.snapshots) {
    if (snapshot.edit >= files.num_edits()) continue;
    const bool is_reduced = std::ranges::all_of(parts_due(snapshot.edit), [&](core::ReductionPart part) {
      return files.has_reduction(part, snapshot.edit, identities.at(part));
    });
    if (is_reduced) unneeded.push_back(snapshot);
  }
  return unneeded;
}

}  // namespace lethe::ledger
