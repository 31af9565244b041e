#pragma once

#include <string>
#include <vector>

namespace lethe::worker::inline commands {

/// One thing that a sweep rests on, as it is here.
struct Finding {
  std::string subject;  ///< "LibTorch", "memory"
  std::string text;     ///< what it is
  std::string trouble;  ///< what is wrong with it, and the remedy; empty if nothing is
};

/// LibTorch and whether it computes on GPUs, the BLAS that it calls, the GPUs that it sees beside those that the driver
/// lists.
std::vector<Finding> examine_libraries();

/// Processors and memory that this process may use (not those that the machine has), open files, shared memory.
std::vector<Finding> examine_machine();

}  // namespace lethe::worker::inline commands
