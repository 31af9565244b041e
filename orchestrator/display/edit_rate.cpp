#include "orchestrator/display/edit_rate.h"

#include <algorithm>

namespace lethe::orchestrator::inline display {
namespace {

constexpr double kLeastSeconds = 10.0;
constexpr double kMostSeconds = 600.0;
constexpr double kLeastEdits = 10.0;

}  // namespace

void EditRate::measure(double edits, double now_seconds) {
  // Edits that a crash took with it are made again; they do not count below nothing.
  if (start_edits_ < 0.0 || edits < start_edits_) {
    start_edits_ = edits;
    start_seconds_ = now_seconds;
    return;
  }
  const double elapsed = now_seconds - start_seconds_;
  const double num_edits = edits - start_edits_;
  if (elapsed > 0.0) per_second_ = num_edits / elapsed;
  if (elapsed < kLeastSeconds || (num_edits < kLeastEdits && elapsed < kMostSeconds)) return;
  // Half of the window stays, so that the number does not jump.
  start_edits_ = edits - num_edits / 2.0;
  start_seconds_ = now_seconds - elapsed / 2.0;
}

}  // namespace lethe::orchestrator::inline display
