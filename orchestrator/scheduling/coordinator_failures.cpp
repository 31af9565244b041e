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
  judge(rank, unit, failed);
  if (failed.failure == core::FailureClass::kFolder) note_folder_trouble(rank, failed.reason);
}

void Coordinator::judge(int rank, const WorkUnit& unit, const core::FailedEvent& failed) {
  const auto& before = backlog_.attempts_of(unit);
  const double now = clock_.now_seconds();
  const auto attempts = after_failure(before, failed, now, options_.retry);
  const int num_retries = before.num_failures();
  const auto reason = attempts.reason + (num_retries > 0 ? " (after " + std::to_string(num_retries) + " retries)" : "");
  if (core::healing_of(failed.failure) != core::Healing::kAnotherTry) {
    return is_given_up(attempts, failed.failure, options_.retry) ? give_up(unit, reason)
                                                                 : retry(unit, failed, attempts);
  }
  auto& trust = ranks_[static_cast<std::size_t>(rank)].trust;
  const auto work = key_of(unit);
  const bool was_distrusted = trust.is_distrusted();
  const bool is_alone = num_able(unit) <= (was_distrusted ? 0 : 1);
  failed_works_.add(work, rank);
  trust.on_failure(work, failed_works_.is_known_to_fail(work, rank), now, options_.retry);
  // Where everybody fails it is not the ranks: all try on, until the work is given up.
  if (trust.is_distrusted() && is_alone) {
    for (auto& one : ranks_) one.trust.on_progress();
  }
  if (trust.rests_until_seconds() > now) retry_times_seconds_.insert(trust.rests_until_seconds());
  count_reducing(rank);
  if (trust.is_distrusted()) {
    if (!was_distrusted) tell_distrust(rank);
    return backlog_.reopen(unit, Attempts(before));
  }
  is_to_blame(unit) ? give_up(unit, reason) : retry(unit, failed, attempts);
}

bool Coordinator::is_to_blame(const WorkUnit& unit) const {
  const auto standing = failed_works_.standing(
      key_of(unit), [&](int rank) { return !ranks_[static_cast<std::size_t>(rank)].trust.is_distrusted(); });
  const int max_failures = options_.retry.max_failures;
  return standing.num_tries > max_failures && standing.num_ranks >= std::min(max_failures + 1, num_able(unit));
}

int Coordinator::num_able(const WorkUnit& unit) const {
  int count = 0;
  for (int rank = 0; rank < num_ranks(); ++rank) {
    const auto& state = ranks_[static_cast<std::size_t>(rank)];
    const auto other_role = unit.kind == WorkUnit::Kind::kEdit ? Role::kReducer : Role::kWorker;
    const bool is_of_role = options_.scheduler.has_elastic_roles || unit.kind == WorkUnit::Kind::kPrerequisite ||
                            roles_[static_cast<std::size_t>(rank)] != other_role;
    if (state.is_there() && !state.trust.is_distrusted() && is_of_role) ++count;
  }
  return count;
}

void Coordinator::tell_distrust(int rank) {
  const auto& host = ranks_[static_cast<std::size_t>(rank)].host;
  journal_.record("distrusted", {{"rank", std::int64_t{rank}}, {"host", host}});
  core::log_warning("rank=" + std::to_string(rank) + " " + core::log_field("host", host) +
                    " different pieces of work failed there one after the other while other ranks get on: it gets work "
                    "only now and then until one is done; `lethe doctor` on that host may say why");
}

void Coordinator::note_progress(int rank) {
  auto& trust = ranks_[static_cast<std::size_t>(rank)].trust;
  if (!trust.is_doubtful()) return;
  failed_works_.on_progress(rank, trust.failed_works(), trust.is_distrusted());
  trust.on_progress();
}

void Coordinator::retry(const WorkUnit& unit, const core::FailedEvent& failed, const Attempts& attempts) {
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
  const auto committed = [&] {
    return unit.kind == WorkUnit::Kind::kEdit ? backlog_.cells()[unit.index].committed : 0;
  };
  try {
    const auto before = committed();
    backlog_.refresh(unit, ledger_);
    if (committed() > before) failed_works_.forget(key_of(unit));
    return true;
  } catch (const core::StorageError& error) {
    journal_.record("unreadable", {{"task", describe(unit)}, {"reason", std::string(error.what())}});
    return false;
  }
}

void Coordinator::give_up(const WorkUnit& unit, const std::string& reason) {
  failures_.push_back({describe(unit), reason});
  journal_.record("given_up", {{"task", describe(unit)}, {"reason", reason}});
  const auto work = key_of(unit);
  for (const auto rank : failed_works_.ranks_of(work))
    ranks_[static_cast<std::size_t>(rank)].trust.on_given_up(work, options_.retry);
  failed_works_.forget(work);
  backlog_.fail(unit, reason);
}

}  // namespace lethe::orchestrator::inline scheduling
