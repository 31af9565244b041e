#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/sweep_folder.h"
#include "orchestrator/scheduling/coordinator.h"

namespace lethe::orchestrator::inline display {

inline constexpr std::string_view kConfigErrorState = "CONFIG_ERROR";

/// Replaces STATE: one word and a line end. Wrappers read it, since mpirun's exit code cannot be trusted.
void write_state(const ledger::SweepFolder& folder, std::string_view state);
/// The word; empty if there is none.
std::string read_state(const ledger::SweepFolder& folder);

/// Replaces status.json (docs/formats.md): who writes it, counts, rate and ETA, what runs, failures, what is tried
/// again, why it stopped.
void write_status(const ledger::SweepFolder& folder, const Coordinator& coordinator, double edits_per_second);

/// What a run says of itself in status.json. Whatever is missing or of another shape there is empty here: it is for
/// people, and nothing decides by it.
struct RunStatus {
  struct Work {
    std::string work;
    std::string reason;
  };
  struct Running {
    std::int64_t rank = 0;
    std::string host;
    std::string work;
    std::string cell;  ///< that it edits, empty otherwise
    std::int64_t edits_done = 0;
    std::int64_t until = 0;
  };
  std::string time;
  std::string host;
  std::string pid;
  std::string stopped;
  std::optional<double> edits_per_second;
  std::optional<double> eta_seconds;
  std::vector<Running> running;
  std::vector<Work> failures;
  std::vector<Work> retries;
  std::optional<Work> last_failure;
};
RunStatus read_run_status(const ledger::SweepFolder& folder);

}  // namespace lethe::orchestrator::inline display
