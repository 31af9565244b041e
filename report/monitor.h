#pragma once

#include <cstdint>
#include <vector>

#include "core/metric_record.h"

namespace lethe::report {

/// What the monitor measured after n edits.
struct MonitorPoint {
  std::int64_t edits = 0;
  std::vector<core::NormRecord> norms;
  /// Of the fixed text: exp of the mean NLL of all its predicted tokens. NaN without a text or where an NLL is.
  double perplexity = 0.0;
  double unedited_perplexity = 0.0;
  std::int64_t num_tokens = 0;  ///< predicted; 0: no text

  [[nodiscard]] bool has_text() const { return num_tokens > 0; }
};

MonitorPoint monitor_point(std::int64_t edits, core::MonitorRecord record);

/// Spectral ratio: the largest singular value of a weight's change over that of the base weight. NaN of two zeros.
double spectral_ratio(const core::NormRecord& norms);
/// Of the matrix that has the largest (a bias, which is a vector, does not count); NaN of none, and where one is no
/// number.
double largest_spectral_ratio(const MonitorPoint& point);

}  // namespace lethe::report
