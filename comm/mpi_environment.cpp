#include "comm/mpi_environment.h"

#include <unistd.h>

#include <array>
#include <condition_variable>
#include <cstdlib>
#include <initializer_list>
#include <mutex>
#include <string>
#include <thread>

#include <spdlog/spdlog.h>

#include "comm/mpi_calls.h"
#include "comm/mpi_channel.h"
#include "core/error.h"

namespace lethe::comm {
namespace {

/// Value of the first variable that is set.
int first_number_of(std::initializer_list<const char*> names, int otherwise = 0) {
  for (const char* name : names) {
    if (const char* value = std::getenv(name)) return std::atoi(value);
  }
  return otherwise;
}

/// Ranks that the launcher says it started. mpirun names its own number, also inside of a Slurm step of daemons; only
/// where nothing does, Slurm's number of tasks is that of ranks, and only for processes that srun started as ranks.
int num_announced_ranks(int otherwise) {
  const int by_mpi = first_number_of({"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"});
  if (by_mpi > 0) return by_mpi;
  return std::getenv("PMIX_RANK") != nullptr ? first_number_of({"SLURM_STEP_NUM_TASKS"}, otherwise) : otherwise;
}

}  // namespace

bool is_launched_by_mpi() {
  constexpr std::array kVariables{"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "PMI_SIZE"};
  for (const char* name : kVariables) {
    if (std::getenv(name) != nullptr) return true;
  }
  return false;
}

std::string mpi_library() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  check_mpi(MPI_Get_library_version(text.data(), &length), "MPI_Get_library_version");
  const std::string whole(text.data());
  return whole.substr(0, whole.find_first_of(",\n"));
}

int num_tasks_without_mpi() { return is_launched_by_mpi() ? 1 : first_number_of({"SLURM_STEP_NUM_TASKS"}, 1); }

int rank_from_environment() { return first_number_of({"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"}); }

int local_rank_from_environment() {
  return first_number_of({"OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"});
}

MpiEnvironment::MpiEnvironment() {
  int provided = 0;
  check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  check_mpi(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  check_mpi(MPI_Comm_rank(MPI_COMM_WORLD, &rank_), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(MPI_COMM_WORLD, &size_), "MPI_Comm_size");
  // Under another MPI's launcher, or an srun whose PMIx this MPI does not speak, every process would take itself for
  // the only one, and all write the same files.
  const int announced = num_announced_ranks(size_);
  if (announced == size_) return;
  throw core::CommError("the launcher started " + std::to_string(announced) + " ranks, this MPI library sees " +
                        std::to_string(size_) +
                        "; use the mpirun of the MPI that lethe was built with, or an srun --mpi=... that it speaks");
}

MpiEnvironment::~MpiEnvironment() {
  if (!is_finalized_) spdlog::error("rank={} MPI was not finalized: an error ended this rank early", rank_);
}

std::unique_ptr<Channel> MpiEnvironment::make_channel() { return std::make_unique<MpiChannel>(); }

void MpiEnvironment::finalize(int exit_code, std::chrono::seconds limit) {
  if (is_finalized_) return;
  std::mutex mutex;
  std::condition_variable ended;
  bool has_ended = false;
  // MPI_Finalize can wait for ever for a peer that died; nothing is lost by leaving, since files are committed.
  std::thread watchdog([&] {
    std::unique_lock lock(mutex);
    if (!ended.wait_for(lock, limit, [&] { return has_ended; })) ::_exit(exit_code);
  });
  const int code = MPI_Finalize();
  {
    const std::scoped_lock lock(mutex);
    has_ended = true;
  }
  ended.notify_one();
  watchdog.join();
  is_finalized_ = true;
  check_mpi(code, "MPI_Finalize");
}

}  // namespace lethe::comm
