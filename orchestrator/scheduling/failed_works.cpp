#include "orchestrator/scheduling/failed_works.h"

#include <algorithm>

namespace lethe::orchestrator::inline scheduling {

void FailedWorks::on_progress(int rank, const std::set<WorkKey>& works, bool was_distrusted) {
  for (const auto& work : works) {
    const auto found = failures_.find(work);
    if (found == failures_.end()) continue;
    if (was_distrusted) {
      found->second.erase(rank);
      if (found->second.empty()) failures_.erase(found);
    } else if (const auto entry = found->second.find(rank); entry != found->second.end()) {
      entry->second.is_of_sound_rank = true;
    }
  }
}

const std::map<int, FailedWorks::Failures>* FailedWorks::find(const WorkKey& work) const {
  const auto found = failures_.find(work);
  return found == failures_.end() ? nullptr : &found->second;
}

bool FailedWorks::is_known_to_fail(const WorkKey& work, int rank) const {
  const auto* failures = find(work);
  return failures != nullptr && std::ranges::any_of(*failures, [&](const auto& entry) {
           return entry.first != rank && entry.second.is_of_sound_rank;
         });
}

bool FailedWorks::has_tried_enough(const WorkKey& work, int rank) const {
  const auto* failures = find(work);
  if (failures == nullptr) return false;
  const auto entry = failures->find(rank);
  return entry != failures->end() && entry->second.num_tries >= max_tries_;
}

bool FailedWorks::leaves_any(int rank) const {
  return std::ranges::any_of(failures_, [&](const auto& entry) { return has_tried_enough(entry.first, rank); });
}

FailedWorks::Standing FailedWorks::standing(const WorkKey& work,
                                            const std::function<bool(int rank)>& is_trusted) const {
  Standing standing;
  const auto* failures = find(work);
  if (failures == nullptr) return standing;
  for (const auto& [rank, failed] : *failures) {
    if (!is_trusted(rank)) continue;
    standing.num_tries += failed.num_tries;
    ++standing.num_ranks;
  }
  return standing;
}

std::set<int> FailedWorks::ranks_of(const WorkKey& work) const {
  std::set<int> ranks;
  const auto* failures = find(work);
  if (failures == nullptr) return ranks;
  for (const auto& [rank, failed] : *failures) ranks.insert(rank);
  return ranks;
}

}  // namespace lethe::orchestrator::inline scheduling
