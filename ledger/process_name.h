#pragma once

#include <string>
#include <string_view>

namespace lethe::ledger {

/// "<host>.<pid>.<start>" of this process: unique among all that ever write to a shared folder. <host> is the host's
/// name and its process namespace, <start> the start time in clock ticks since boot.
const std::string& process_name();

/// Decimal digits and nothing else, as the parts of such a name are.
bool is_number(std::string_view text);

/// What became of a process, as far as this one can see.
enum class ProcessFate {
  kElsewhere,  ///< of another host or process namespace, or hidden from this user
  kRuns,       ///< its pid and start time are those of a process here
  kEnded,
};
/// Of the process by which `name` was made (`process_name`).
ProcessFate fate_of(std::string_view name);
/// True if `name` was made by `process_name` on this host and in this namespace by a process that has ended.
bool has_ended_here(std::string_view name);

}  // namespace lethe::ledger
