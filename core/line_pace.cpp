#include "core/line_pace.h"

namespace lethe::core {
namespace {

constexpr int kNumEarlyLines = 10;

}  // namespace

LinePace LinePace::every(double seconds) {
  LinePace pace;
  pace.early_seconds_ = pace.later_seconds_ = seconds;
  return pace;
}

bool LinePace::is_due(double now_seconds) const {
  return now_seconds - paused_seconds_ >= (num_lines_ < kNumEarlyLines ? early_seconds_ : later_seconds_);
}

}  // namespace lethe::core
