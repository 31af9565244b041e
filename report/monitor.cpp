#include "report/monitor.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace lethe::report {
namespace {

constexpr const char* kBias = ".bias";  // a vector, and some models have all zeros there

}  // namespace

MonitorPoint monitor_point(std::int64_t edits, core::MonitorRecord record) {
  double tokens = 0.0;
  double edited = 0.0;
  double unedited = 0.0;
  for (const core::DocumentNll& document : record.text) {
    tokens += static_cast<double>(document.num_tokens);
    edited += document.edited;
    unedited += document.unedited;
  }
  // A file may say anything; beyond 2^53 a count of tokens is none.
  const auto num_tokens = static_cast<std::int64_t>(std::min(tokens, 9007199254740992.0));
  return {edits, std::move(record.norms), std::exp(edited / tokens), std::exp(unedited / tokens), num_tokens};
}

double spectral_ratio(const core::NormRecord& norms) { return norms.update_spectral / norms.base_spectral; }

double largest_spectral_ratio(const MonitorPoint& point) {
  double largest = std::numeric_limits<double>::quiet_NaN();
  for (const core::NormRecord& norms : point.norms) {
    if (norms.parameter.ends_with(kBias)) continue;
    const double ratio = spectral_ratio(norms);
    if (std::isnan(ratio)) return ratio;
    largest = std::fmax(largest, ratio);
  }
  return largest;
}

}  // namespace lethe::report
