#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "report/change_point.h"
#include "report/indicators.h"

// The paper's own logs: GPT2-XL edited with MEMIT one fact at a time, SST-2 asked every 50 edits (`sst_eval_data`).

namespace lethe::report {

struct PublishedRun {
  std::string sample;
  std::vector<Indicator> indicators;  ///< F1: percent right of SST-2; distance: over the edited layers
  std::optional<std::int64_t> half_at;
  std::optional<std::int64_t> zero_at;
};

/// The runs of a folder, by sample. Throws `std::runtime_error` for a file that is no such log.
std::vector<PublishedRun> read_published_runs(const std::filesystem::path& folder);

}  // namespace lethe::report
