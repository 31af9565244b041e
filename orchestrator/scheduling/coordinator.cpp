#include "orchestrator/scheduling/coordinator.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/exit_code.h"
#include "core/fault.h"
#include "ledger/sweep_folder.h"
#include "orchestrator/scheduling/remaining_time.h"

namespace lethe::orchestrator::inline scheduling {

Coordinator::Coordinator(CoordinatorOptions options, const core::ExperimentConfig& config,
                         const core::Inspection& inspection, const LedgerView& ledger, comm::Channel& channel,
                         const Clock& clock, Journal& journal)
    : options_(std::move(options)),
      ledger_(ledger),
      channel_(channel),
      clock_(clock),
      journal_(journal),
      backlog_(config, inspection, ledger),
      cancellations_(backlog_.cancelled(), options_.cancel_look_seconds, clock.now_seconds()),
      roles_(assign_roles(config, backlog_, channel.size())),
      ranks_(static_cast<std::size_t>(channel.size())),
      failed_works_(options_.retry.max_failures + 1) {
  const auto totals = backlog_.totals();
  journal_.record("start", {{"ranks", std::int64_t{channel.size()}},
                            {"cells", totals.num_cells},
                            {"edits", totals.edits},
                            {"edits_done", totals.edits_done},
                            {"reductions", totals.reductions},
                            {"reductions_done", totals.reductions_done}});
}

void Coordinator::on_message(const comm::Received& received) {
  switch (received.message.type) {
    case comm::MessageType::kHello:
      return on_hello(received.source, received.message);
    case comm::MessageType::kEvent:
      return on_event(received.source, received.message);
    case comm::MessageType::kStopRequest:
      return request_stop("rank " + std::to_string(received.source) + " was told to stop");
    case comm::MessageType::kBye:
      return on_bye(received.source);
    default:
      throw core::CommError("the coordinator got a message of type " +
                            std::to_string(static_cast<int>(received.message.type)) + " from rank " +
                            std::to_string(received.source));
  }
}

void Coordinator::on_hello(int rank, const comm::Message& message) {
  const auto hello = hello_from(message);
  auto& state = ranks_.at(static_cast<std::size_t>(rank));
  journal_.record("hello", {{"rank", std::int64_t{rank}}, {"host", hello.host}, {"pid", hello.process_id}});
  if (hello.build != options_.build) {
    state.has_left = has_refused_rank_ = true;
    failures_.push_back(
        {"rank " + std::to_string(rank) + " on " + hello.host,
         "is of build " + hello.build + ", rank 0 of " + options_.build + "; install the same build on every host"});
    channel_.send(rank, to_message(Quit{core::kExitFailed}));
    return;
  }
  state.is_connected = true;
  state.host = hello.host;
  if (phase_ == Phase::kQuitting) return channel_.send(rank, to_message(Quit{exit_code_of(outcome())}));
  // Executors load libraries for seconds; they are not started where nothing is left to do.
  if (!backlog_.is_exhausted()) channel_.send(rank, to_message(options_.welcome));
  note_idleness(rank);
  may_have_work_ = true;
}

void Coordinator::note_idleness(int rank) {
  const auto& state = ranks_[static_cast<std::size_t>(rank)];
  auto& idle = idle_[{roles_[static_cast<std::size_t>(rank)], state.loaded_model}];
  if (state.is_there() && !state.assigned) {
    idle.insert(rank);
  } else {
    idle.erase(rank);
  }
  count_reducing(rank);
}

void Coordinator::count_reducing(int rank) {
  auto& state = ranks_[static_cast<std::size_t>(rank)];
  const bool may_reduce =
      options_.scheduler.has_elastic_roles || roles_[static_cast<std::size_t>(rank)] != Role::kWorker;
  std::string model;
  if (state.is_there() && may_reduce && !state.trust.is_distrusted()) {
    if (!state.assigned) model = state.loaded_model;
    if (state.assigned && state.assigned->unit.kind == WorkUnit::Kind::kReduction) {
      model = backlog_.model_of(state.assigned->unit);
    }
  }
  if (model == state.reduces) return;
  if (!state.reduces.empty()) --reducing_[state.reduces];
  if (!model.empty()) ++reducing_[model];
  state.reduces = std::move(model);
}

void Coordinator::on_event(int rank, const comm::Message& message) {
  auto& state = ranks_.at(static_cast<std::size_t>(rank));
  // An event of an assignment that was taken back must not count for the one that follows.
  if (!state.assigned || state.assigned->epoch != message.epoch) return;
  const auto event = core::event_from_json(message.payload);
  if (const auto* progress = std::get_if<core::ProgressEvent>(&event)) return on_progress(state, *progress);
  if (const auto* committed = std::get_if<core::CommittedEvent>(&event)) return on_committed(rank, *committed);
  if (const auto* failed = std::get_if<core::FailedEvent>(&event)) return on_failed(rank, *failed);
  if (std::holds_alternative<core::StoppedEvent>(event)) return on_stopped(rank);
  if (std::holds_alternative<core::DoneEvent>(event)) return on_done(rank);
}

void Coordinator::on_progress(Rank& rank, const core::ProgressEvent& progress) {
  if (progress.stage == "load") return;
  rank.loaded_model = backlog_.model_of(rank.assigned->unit);
  rank.assigned->timing.on_progress(rank.assigned->unit, progress, clock_.now_seconds(), backlog_);
}

void Coordinator::on_committed(int rank, const core::CommittedEvent& committed) {
  core::fault_point("coordinator.commit");
  auto& assigned = *ranks_[static_cast<std::size_t>(rank)].assigned;
  const auto& unit = assigned.unit;
  folder_trouble_.clear();
  note_progress(rank);
  failed_works_.forget(key_of(unit));
  assigned.timing.on_committed(unit, committed.file, backlog_);
  journal_.record(
      "committed",
      {{"rank", std::int64_t{rank}}, {"task", describe(unit)}, {"edits", committed.edits}, {"file", committed.file}});
  if (unit.kind != WorkUnit::Kind::kEdit) return;
  backlog_.advance(unit.index, committed.edits);
  if (ledger::is_collapse_file(committed.file)) refresh(unit);  // the cell's end is known
  may_have_work_ = true;                                        // reductions of this checkpoint
}

WorkUnit Coordinator::release(int rank) {
  may_have_work_ = true;
  --num_busy_;
  const auto unit = std::exchange(ranks_[static_cast<std::size_t>(rank)].assigned, std::nullopt)->unit;
  note_idleness(rank);
  return unit;
}

void Coordinator::on_done(int rank) {
  core::fault_point("coordinator.done");
  auto& state = ranks_[static_cast<std::size_t>(rank)];
  const double now = clock_.now_seconds();
  const double seconds = now - state.assigned->started_seconds;
  const auto timing = state.assigned->timing;
  const auto unit = release(rank);
  journal_.record("done", {{"rank", std::int64_t{rank}}, {"task", describe(unit)}, {"seconds", seconds}});
  if (unit.kind == WorkUnit::Kind::kEdit) {
    const bool is_read = refresh(unit);
    if (!backlog_.cells()[unit.index].is_edited_up_to(unit.until)) {
      // It says done, and the files are not there: not to be tried for ever.
      return judge(rank, unit,
                   {is_read ? core::FailureClass::kCrash : core::FailureClass::kInfrastructure,
                    "the executor said done, but " + std::to_string(backlog_.cells()[unit.index].committed) + " of " +
                        std::to_string(unit.until) + " edits are committed",
                    0});
    }
  }
  note_progress(rank);
  failed_works_.forget(key_of(unit));
  timing.on_done(unit, now, backlog_);
  if (unit.kind == WorkUnit::Kind::kReduction) state.held_reduced = unit.index;
  backlog_.finish(unit);
}

void Coordinator::on_stopped(int rank) {
  const auto unit = release(rank);
  refresh(unit);
  journal_.record("stopped", {{"rank", std::int64_t{rank}}, {"task", describe(unit)}});
  if (unit.kind == WorkUnit::Kind::kEdit && backlog_.cells()[unit.index].is_edited_up_to(unit.until)) {
    return backlog_.finish(unit);
  }
  backlog_.reopen(unit, backlog_.attempts_of(unit));
}

void Coordinator::on_bye(int rank) {
  ranks_.at(static_cast<std::size_t>(rank)).has_left = true;
  note_idleness(rank);
  journal_.record("bye", {{"rank", std::int64_t{rank}}});
}

void Coordinator::tick() {
  const double now = clock_.now_seconds();
  if (phase_ == Phase::kRunning) {
    follow_cancellations();
    while (!retry_times_seconds_.empty() && *retry_times_seconds_.begin() <= now) {
      retry_times_seconds_.erase(retry_times_seconds_.begin());
      may_have_work_ = true;
    }
    if (may_have_work_) hand_out_work();
  }
  check_end();
}

void Coordinator::follow_cancellations() {
  if (!cancellations_.look(ledger_, clock_.now_seconds(), journal_)) return;
  backlog_.set_cancelled(cancellations_.cells());
  may_have_work_ = true;
  for (int rank = 0; rank < num_ranks(); ++rank) {
    const auto& assigned = ranks_[static_cast<std::size_t>(rank)].assigned;
    if (!assigned || backlog_.is_wanted(assigned->unit)) continue;
    channel_.send(rank, empty_message(comm::MessageType::kStopTask, assigned->epoch));
  }
}

void Coordinator::hand_out_work() {
  may_have_work_ = false;
  hand_out(&failed_works_);
  // What is left to others is tried again where there are none.
  if (num_busy_ == 0 && !failed_works_.is_empty()) hand_out(nullptr);
}

void Coordinator::hand_out(const FailedWorks* failed_works) {
  std::set<Kind> refused;
  has_doubts_ = false;
  // Where the folder refuses some ranks, or all fails on some, the others come first.
  hand_out_to(false, failed_works, refused);
  if (has_doubts_) hand_out_to(true, failed_works, refused);
}

void Coordinator::hand_out_to(bool are_doubtful, const FailedWorks* failed_works, std::set<Kind>& refused) {
  const double now = clock_.now_seconds();
  for (auto& [kind, ranks] : idle_) {
    for (auto next = ranks.begin(); next != ranks.end() && !refused.contains(kind);) {
      const int rank = *next++;  // an assignment takes it out
      const auto& trust = ranks_[static_cast<std::size_t>(rank)].trust;
      const bool is_doubtful = trust.is_doubtful() || folder_trouble_.has_met(rank);
      has_doubts_ |= is_doubtful;
      if (is_doubtful != are_doubtful || trust.rests_until_seconds() > now) continue;
      if (assign_to(rank, failed_works)) continue;
      // One refusal answers for all idle ranks of a kind: role and loaded model are all that it depends on, but for
      // what is left to others.
      if (failed_works == nullptr || !failed_works->leaves_any(rank)) refused.insert(kind);
    }
  }
}

bool Coordinator::assign_to(int rank, const FailedWorks* failed_works) {
  auto& state = ranks_[static_cast<std::size_t>(rank)];
  const IdleRank idle{
      rank, roles_[static_cast<std::size_t>(rank)], state.loaded_model, state.last_edited, &reducing_, failed_works};
  const double now = clock_.now_seconds();
  const auto unit = choose_work(backlog_, idle, options_.scheduler, now);
  if (!unit) return false;
  core::fault_point("coordinator.assign");
  const bool holds_cell = unit->kind == WorkUnit::Kind::kReduction && state.held_reduced == unit->index;
  state.assigned = Assigned{*unit, next_epoch_++, now, TaskTiming(now, holds_cell)};
  state.held_reduced.reset();
  ++num_busy_;
  note_idleness(rank);
  if (unit->kind == WorkUnit::Kind::kEdit) state.last_edited = unit->index;
  channel_.send(rank, to_message(Assignment{backlog_.task_of(*unit), backlog_.expected_step_seconds(*unit)},
                                 state.assigned->epoch));
  backlog_.start(*unit, rank);
  journal_.record("assign", {{"rank", std::int64_t{rank}}, {"task", describe(*unit)}});
  return true;
}

void Coordinator::request_stop(const std::string& reason) {
  if (phase_ != Phase::kRunning) return;
  stop_reason_ = reason;
  phase_ = Phase::kStopping;
  deadline_seconds_ = clock_.now_seconds() + options_.stop_grace_seconds;
  journal_.record("stop", {{"reason", reason}});
  for (int rank = 0; rank < num_ranks(); ++rank) {
    if (ranks_[static_cast<std::size_t>(rank)].assigned) channel_.send(rank, empty_message(comm::MessageType::kStop));
  }
}

void Coordinator::abandon(const std::string& reason) {
  if (phase_ == Phase::kQuitting || phase_ == Phase::kFinished) return;
  stop_reason_ = reason;
  quit_all();
}

void Coordinator::check_end() {
  const double now = clock_.now_seconds();
  if (phase_ == Phase::kRunning && num_busy_ == 0 && backlog_.is_exhausted()) quit_all();
  if (phase_ == Phase::kStopping && (num_busy_ == 0 || now >= deadline_seconds_)) quit_all();
  if (phase_ != Phase::kQuitting) return;
  const bool have_all_left = std::ranges::all_of(ranks_, &Rank::has_left);
  if (!have_all_left && now < deadline_seconds_) return;
  phase_ = Phase::kFinished;
  journal_.record("end", {{"state", std::string(to_string(outcome()))}});
}

void Coordinator::quit_all() {
  core::fault_point("coordinator.quit");
  phase_ = Phase::kQuitting;
  deadline_seconds_ = clock_.now_seconds() + options_.quit_grace_seconds;
  const auto quit = to_message(Quit{exit_code_of(outcome())});
  for (int rank = 0; rank < num_ranks(); ++rank) {
    const auto& state = ranks_[static_cast<std::size_t>(rank)];
    // Ranks that have not said hello are told when they do.
    if (state.is_connected && !state.has_left) channel_.send(rank, quit);
  }
}

Outcome Coordinator::outcome() const {
  if (!backlog_.is_exhausted()) return Outcome::kIncomplete;
  return backlog_.has_failures() || has_refused_rank_ ? Outcome::kPoisoned : Outcome::kComplete;
}

std::optional<Activity> Coordinator::activity(int rank) const {
  const auto& state = ranks_.at(static_cast<std::size_t>(rank));
  if (!state.assigned) return std::nullopt;
  const auto& unit = state.assigned->unit;
  Activity activity{rank, state.host, describe(unit)};
  if (unit.kind != WorkUnit::Kind::kEdit) return activity;
  const auto& cell = backlog_.cells()[unit.index];
  activity.edited_cell = cell.facts->cell;
  activity.edits_seen = std::max(cell.seen, cell.committed);
  activity.until = std::min(unit.until, cell.edits);
  return activity;
}

int Coordinator::num_connected() const {
  return static_cast<int>(
      std::ranges::count_if(ranks_, [](const Rank& rank) { return rank.is_connected && !rank.has_left; }));
}

double Coordinator::remaining_seconds() const {
  Crew crew{0, 0, 0};
  for (int rank = 0; rank < num_ranks(); ++rank) {
    const auto& state = ranks_[static_cast<std::size_t>(rank)];
    if (!state.is_there() || state.trust.is_distrusted()) continue;
    const auto role = roles_[static_cast<std::size_t>(rank)];
    const bool does_both = role == Role::kBoth || options_.scheduler.has_elastic_roles;
    ++crew.num_executors;
    if (does_both || role == Role::kWorker) ++crew.num_editing;
    if (does_both || role == Role::kReducer) ++crew.num_reducing;
  }
  return orchestrator::remaining_seconds(backlog_, crew);
}

}  // namespace lethe::orchestrator::inline scheduling
