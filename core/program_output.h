#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace lethe::core {

/// What came of a program that was asked something.
struct ProgramOutput {
  enum class End { kNotStarted, kExited, kGivenUp };
  End end = End::kNotStarted;
  int wait_status = 0;  ///< of one that exited
  std::string text;     ///< of its standard output, up to its end or until it was given up
};

/// Runs a program that only tells something. `arguments[0]` is its path; it reads nothing, and its errors go nowhere.
/// It is given up after `limit`, as soon as `should_stop` says so, and when it writes more than 1 MiB: it is then
/// killed and not waited for, since what hangs in a driver does not die. Not for a process that holds MPI: a rank has
/// its zygote.
ProgramOutput output_of(
    const std::vector<std::string>& arguments, std::chrono::milliseconds limit,
    const std::function<bool()>& should_stop = [] { return false; });

}  // namespace lethe::core
