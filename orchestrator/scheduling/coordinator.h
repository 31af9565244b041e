#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "comm/channel.h"
#include "orchestrator/process/clock.h"
#include "orchestrator/scheduling/backlog.h"
#include "orchestrator/scheduling/cancellations.h"
#include "orchestrator/scheduling/failed_works.h"
#include "orchestrator/scheduling/journal.h"
#include "orchestrator/scheduling/outcome.h"
#include "orchestrator/scheduling/protocol.h"
#include "orchestrator/scheduling/rank_trust.h"
#include "orchestrator/scheduling/retry_policy.h"
#include "orchestrator/scheduling/scheduler.h"
#include "orchestrator/scheduling/task_timing.h"

namespace lethe::orchestrator::inline scheduling {

struct CoordinatorOptions {
  Welcome welcome;
  std::string build;  ///< ranks of another build are refused
  RetryOptions retry;
  double stop_grace_seconds = 150.0;  ///< after a stop, how long running tasks may take to commit
  double quit_grace_seconds = 30.0;   ///< how long ranks may take to say bye
  double cancel_look_seconds = 1.0;   ///< between two looks at which cells are cancelled
  SchedulerOptions scheduler;
};

/// A piece of work that is given up.
struct Failure {
  std::string work;  ///< "edit rome/small-gpt2/sample0"
  std::string reason;
};

/// A piece of work that failed and will be tried again.
struct Setback {
  std::string work;
  core::FailureClass failure = core::FailureClass::kCrash;
  std::string reason;
};

/// What a rank does at the moment.
struct Activity {
  int rank = 0;
  std::string host;
  std::string work;  ///< "edit rome/small-gpt2/sample0"
  std::optional<core::GridCell> edited_cell = std::nullopt;
  std::int64_t edits_seen = 0;  ///< of that cell, by progress reports
  std::int64_t until = 0;
};

/// Rank 0's part of the sweep: hands out work, takes reports, retries, and ends everybody. A state machine: it reads
/// the clock, sends messages and asks the ledger, and waits for nothing.
class Coordinator {
 public:
  /// All references must outlive it.
  Coordinator(CoordinatorOptions options, const core::ExperimentConfig& config, const core::Inspection& inspection,
              const LedgerView& ledger, comm::Channel& channel, const Clock& clock, Journal& journal);

  /// Takes a message of type kHello, kEvent, kStopRequest or kBye; others are refused with `core::CommError`.
  void on_message(const comm::Received& received);
  /// Hands out work and watches deadlines. Call often; cheap when nothing changed.
  void tick();
  /// Finish edits at hand, commit, leave.
  void request_stop(const std::string& reason);
  /// Leave without committing: there is nothing to commit to any more.
  void abandon(const std::string& reason);

  /// All ranks have left (or were given up).
  [[nodiscard]] bool is_finished() const { return phase_ == Phase::kFinished; }
  [[nodiscard]] bool is_stopping() const { return phase_ != Phase::kRunning; }
  [[nodiscard]] Outcome outcome() const;

  [[nodiscard]] const Backlog& backlog() const { return backlog_; }
  [[nodiscard]] const std::vector<Failure>& failures() const { return failures_; }
  /// The first failure of each piece of work since its last progress, as far as it is tried again: growing.
  [[nodiscard]] const std::vector<Setback>& setbacks() const { return setbacks_; }
  /// The newest failure, whatever became of it; nullopt if there was none.
  [[nodiscard]] const std::optional<Setback>& last_failure() const { return last_failure_; }
  /// Why it ends before its end; empty if it does not.
  [[nodiscard]] const std::string& stop_reason() const { return stop_reason_; }
  [[nodiscard]] const std::vector<Role>& roles() const { return roles_; }

  /// What a rank does now, for the display; nullopt if it idles.
  [[nodiscard]] std::optional<Activity> activity(int rank) const;
  [[nodiscard]] int num_ranks() const { return static_cast<int>(ranks_.size()); }
  [[nodiscard]] int num_connected() const;
  /// Expected time to the end with the ranks that are there.
  [[nodiscard]] double remaining_seconds() const;

 private:
  enum class Phase { kRunning, kStopping, kQuitting, kFinished };
  struct Assigned {
    WorkUnit unit;
    std::uint64_t epoch = 0;
    double started_seconds = 0.0;
    TaskTiming timing;
  };
  struct Rank {
    bool is_connected = false;
    bool has_left = false;
    std::string host;
    std::string loaded_model;
    std::optional<Assigned> assigned;
    std::optional<std::size_t> last_edited;   // cell
    std::optional<std::size_t> held_reduced;  // cell whose model its executor has at a checkpoint
    RankTrust trust;
    std::string reduces;  // the model under which it counts in reducing_; empty: it does not

    [[nodiscard]] bool is_there() const { return is_connected && !has_left; }
  };

  CoordinatorOptions options_;
  const LedgerView& ledger_;
  comm::Channel& channel_;
  const Clock& clock_;
  Journal& journal_;
  Backlog backlog_;
  Cancellations cancellations_;
  std::vector<Role> roles_;
  std::vector<Rank> ranks_;
  std::vector<Failure> failures_;
  std::vector<Setback> setbacks_;
  std::optional<Setback> last_failure_;
  FolderTrouble folder_trouble_;
  FailedWorks failed_works_;
  Phase phase_ = Phase::kRunning;
  std::string stop_reason_;
  bool has_refused_rank_ = false;  // of another build
  /// For ranks of one kind there is work or there is none.
  using Kind = std::pair<Role, std::string>;  // role, loaded model
  std::map<Kind, std::set<int>> idle_;        // ranks that are there and have nothing to do
  std::map<std::string, int> reducing_;       // see IdleRank
  int num_busy_ = 0;                          // ranks with an assignment
  bool has_doubts_ = false;                   // some rank failed, and has not got on since
  bool may_have_work_ = true;                 // something changed since the last hand-out
  std::set<double> retry_times_seconds_;      // ends of back-offs: the only work that appears without a message
  double deadline_seconds_ = 0.0;
  std::uint64_t next_epoch_ = 1;

  void on_hello(int rank, const comm::Message& message);
  void on_event(int rank, const comm::Message& message);
  void on_progress(Rank& rank, const core::ProgressEvent& progress);
  void on_committed(int rank, const core::CommittedEvent& committed);
  void on_done(int rank);
  void on_stopped(int rank);
  void on_failed(int rank, const core::FailedEvent& failed);
  void on_bye(int rank);

  /// Tasks that are not wanted any more are stopped alone.
  void follow_cancellations();
  void hand_out_work();
  void hand_out(const FailedWorks* failed_works);
  /// To idle ranks that failed lately or have met the trouble with the folder, or to the others.
  void hand_out_to(bool are_doubtful, const FailedWorks* failed_works, std::set<Kind>& refused);
  /// False if there is nothing for it.
  bool assign_to(int rank, const FailedWorks* failed_works);
  /// Takes a failure to be the rank's or the work's.
  void judge(int rank, const WorkUnit& unit, const core::FailedEvent& failed);
  /// It failed as often as is allowed, and on as many ranks.
  [[nodiscard]] bool is_to_blame(const WorkUnit& unit) const;
  /// Ranks that are there and trusted, and whose roles let them do the work.
  [[nodiscard]] int num_able(const WorkUnit& unit) const;
  void tell_distrust(int rank);
  void note_progress(int rank);
  void retry(const WorkUnit& unit, const core::FailedEvent& failed, const Attempts& attempts);
  void note_folder_trouble(int rank, const std::string& reason);
  /// False if the committed files cannot be read now; what was known of them stays.
  bool refresh(const WorkUnit& unit);
  void give_up(const WorkUnit& unit, const std::string& reason);
  WorkUnit release(int rank);
  void check_end();
  void quit_all();
  /// After each change of what a rank does or whether it is there.
  void note_idleness(int rank);
  void count_reducing(int rank);
  [[nodiscard]] std::string describe(const WorkUnit& unit) const { return core::describe(backlog_.task_of(unit)); }
};

}  // namespace lethe::orchestrator::inline scheduling
