#pragma once

#include <cstdint>
#include <string>

#include <torch/types.h>

namespace lethe::test {

/// A stand-in for a GPU where there is none: the device `privateuseone`, which fails where CUDA fails and computes what
/// the CPU computes.
/// - Reading or writing its memory on the host is a segmentation fault: its addresses are none of the process's.
/// - Operands of different devices are refused, with CUDA's message and CUDA's exceptions: a CPU scalar [] beside an
///   element by element operation's tensors, CPU indices of an indexing.
/// - Every number is the CPU kernel's on the same bytes in the same layout, so results are the CPU's bit for bit.
/// - Autograd runs a thread of its own for it, as for a GPU.
/// What it cannot show: the GPU's own rounding, its order of sums, its speed and its memory.
/// Registers the device with LibTorch at the first call, which must come before the process's first backward pass: then
/// LibTorch starts a thread for each device that it knows.
torch::Device foreign_device();

/// From now on every operation on the device throws this text, as all do after a GPU's error. Empty: it works again.
void break_foreign_device(std::string text);

/// What was asked of the device so far, by all threads. On a GPU an operation is a kernel or several, views cost
/// nothing, and a wait empties the queue.
struct ForeignCounts {
  std::int64_t operators = 0;  ///< operations that compute or copy on the device
  std::int64_t waits = 0;      ///< values and tensors that the host asked for
  std::int64_t downloads = 0;  ///< of the waits, copies of tensors to the host
  std::int64_t uploads = 0;    ///< tensors that the host sent
};
ForeignCounts foreign_counts();
ForeignCounts operator-(const ForeignCounts& after, const ForeignCounts& before);

}  // namespace lethe::test
