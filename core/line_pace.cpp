#include "core/line_pace.h"

namespace lethe::core {
namespace {

constexpr double kEarlySeconds = 5.0;
constexpr int kNumEarlyLines = 10;
constexpr double kLaterSeconds = 300.0;

}  // namespace

bool LinePace::is_due(double now_seconds) const {
  return now_seconds - paused_seconds_ >= (num_lines_ < kNumEarlyLines ? kEarlySeconds : kLaterSeconds);
}

}  // namespace lethe::core
