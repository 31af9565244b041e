#include <algorithm>
#include <string>

#include "core/error.h"
#include "core/fault.h"
#include "core/log.h"
#include "orchestrator/scheduling/coordinator.h"

// What the coordinator makes of failures: whether the work is tried again, and whether it was the rank that failed.

namespace lethe::orchestrator::inline scheduling {

void Coordinator::on_failed(int rank, const core::FailedEvent& failed) {
  core::fault_point("coordinator.failed");
  const auto unit = release(rank);
  journal_.record("failed", {{"rank", std::int64_t{rank}},
                             {"task", describe(unit)},
                             {"class", std::string(core::to_string(failed.failure))},
                             {"reason", failed.reason}});
  last_failure_ = Setback{describe(unit), failed.failure, failed.reason};
  refresh(unit);
  if (counts_for_work(rank, unit, failed.failure)) {
    retry_or_give_up(unit, failed);
  } else {
    backlog_.reopen(unit, backlog_.attempts_of(unit));
  }
  if (failed.failure == core::FailureClass::kFolder) note_folder_trouble(rank, failed.reason);
}

bool Coordinator::counts_for_work(int rank, const WorkUnit& unit, core::FailureClass failure) {
  if (core::healing_of(failure) != core::Healing::kAnotherTry) return true;
  auto& trust = ranks_[static_cast<std::size_t>(rank)].trust;
  const bool was_distrusted = trust.is_distrusted();
  trust.on_failure(backlog_.attempts_of(unit).num_failures() == 0, clock_.now_seconds(), options_.retry);
  if (!trust.is_distrusted()) return true;
  const bool has_others =
      std::ranges::any_of(ranks_, [](const Rank& one) { return one.is_there() && !one.trust.is_distrusted(); });
  if (!has_others) {
    // Where everybody fails it is not the ranks: all try on, until the work is given up.
    for (auto& one : ranks_) one.trust.on_progress();
    return true;
  }
  count_reducing(rank);
  retry_times_seconds_.insert(trust.rests_until_seconds());
  if (was_distrusted) return false;
  const auto& host = ranks_[static_cast<std::size_t>(rank)].host;
  journal_.record("distrusted", {{"rank", std::int64_t{rank}}, {"host", host}});
  core::log_warning("rank=" + std::to_string(rank) + " " + core::log_field("host", host) +
                    " different pieces of work failed there one after the other while other ranks get on: it gets work "
                    "only now and then until one is done; `lethe doctor` on that host may say why");
  return true;
}

void Coordinator::retry_or_give_up(const WorkUnit& unit, const core::FailedEvent& failed) {
  const auto& before = backlog_.attempts_of(unit);
  const auto attempts = after_failure(before, failed, clock_.now_seconds(), options_.retry);
  if (is_given_up(attempts, failed.failure, options_.retry)) {
    const int num_retries = before.num_failures();
    return give_up(unit,
                   attempts.reason + (num_retries > 0 ? " (after " + std::to_string(num_retries) + " retries)" : ""));
  }
  if (attempts.num_failures() == 1) setbacks_.push_back({describe(unit), failed.failure, failed.reason});
  retry_times_seconds_.insert(attempts.not_before_seconds);
  backlog_.reopen(unit, attempts);
}

void Coordinator::note_folder_trouble(int rank, const std::string& reason) {
  std::set<int> busy_ranks;
  for (int other = 0; other < num_ranks(); ++other) {
    if (ranks_[static_cast<std::size_t>(other)].assigned) busy_ranks.insert(other);
  }
  if (folder_trouble_.is_everywhere(rank, busy_ranks, clock_.now_seconds(), options_.retry)) {
    request_stop("no rank can write in the sweep's folder: " + reason);
  }
}

bool Coordinator::refresh(const WorkUnit& unit) {
  try {
    backlog_.refresh(unit, ledger_);
    return true;
  } catch (const core::StorageError& error) {
    journal_.record("unreadable", {{"task", describe(unit)}, {"reason", std::string(error.what())}});
    return false;
  }
}

void Coordinator::give_up(const WorkUnit& unit, const std::string& reason) {
  failures_.push_back({describe(unit), reason});
  journal_.record("given_up", {{"task", describe(unit)}, {"reason", reason}});
  backlog_.fail(unit, reason);
}

}  // namespace lethe::orchestrator::inline scheduling
