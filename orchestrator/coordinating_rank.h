#pragma once

#include <iosfwd>

#include "comm/channel.h"
#include "orchestrator/display/progress.h"
#include "orchestrator/process/clock.h"
#include "orchestrator/scheduling/coordinator.h"
#include "orchestrator/sweep_start.h"

namespace lethe::orchestrator {

/// Rank 0's part of a sweep: coordinator, display, files about the sweep.
class CoordinatingRank {
 public:
  /// `channel`, `clock` and `out`, where the sweep is shown, must outlive it.
  CoordinatingRank(SweepStart start, const SweepOptions& options, comm::Channel& channel, const Clock& clock,
                   bool is_under_mpi, std::ostream& out);

  Coordinator& coordinator() { return coordinator_; }
  /// Hands out work, shows and writes how far it is. `stop_signal`: the first one that came, 0 for none.
  void step(int stop_signal);
  /// The last words, STATE and status.json. Returns the exit code.
  int finish();

 private:
  SweepStart start_;
  const Clock& clock_;
  FolderLedgerView ledger_;
  FileJournal journal_;
  Coordinator coordinator_;
  ProgressDisplay display_;
  double status_seconds_ = -1e9;
  std::size_t num_setbacks_written_ = 0;
  bool is_leaving_ = false;
  bool has_told_stop_ = false;

  static CoordinatorOptions coordinator_options(const SweepStart& start, const SweepOptions& options);
  void leave_folder();
  bool has_written_outcome();
  void remove_leftovers();
  void remember_status();
};

}  // namespace lethe::orchestrator
