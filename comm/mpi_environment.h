#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "comm/channel.h"

namespace lethe::comm {

/// True if this process was started by an MPI launcher (mpirun, srun with PMI). Looks at the environment only.
bool is_launched_by_mpi();

/// The MPI library's own name and version, without starting it.
std::string mpi_library();

/// Processes that a launcher without MPI (`srun --mpi=none`) started beside this one, itself included.
int num_tasks_without_mpi();

/// Rank as the launcher says, before MPI has started; 0 if it does not.
int rank_from_environment();

/// Rank among the ranks of this host as the launcher says, 0 if it does not.
int local_rank_from_environment();

/// Owns MPI for the process: errors return instead of aborting. Comes first in `main`, after the zygote's fork.
class MpiEnvironment {
 public:
  /// Throws `core::CommError` if MPI cannot start, or sees fewer ranks than the launcher has started.
  MpiEnvironment();
  /// Logs if `finalize` was not called; never communicates.
  ~MpiEnvironment();
  MpiEnvironment(const MpiEnvironment&) = delete;
  MpiEnvironment& operator=(const MpiEnvironment&) = delete;

  [[nodiscard]] int rank() const { return rank_; }
  [[nodiscard]] int size() const { return size_; }

  /// A channel over all ranks; collective, so every rank calls it once at start. Must end before `finalize`.
  [[nodiscard]] std::unique_ptr<Channel> make_channel();

  /// Ends MPI. If that takes longer than `limit` (a peer is gone), the process leaves with `exit_code` at once.
  void finalize(int exit_code, std::chrono::seconds limit = std::chrono::seconds(20));

 private:
  int rank_ = 0;
  int size_ = 1;
  bool is_finalized_ = false;
};

}  // namespace lethe::comm
