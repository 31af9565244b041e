#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/grid_cell.h"
#include "storage/segment.h"

namespace lethe::storage {

/// One curve of a report: a metric of a cell against the number of edits. NaN is a gap.
struct Curve {
  core::GridCell cell;
  std::string metric;  ///< "efficacy.window_5", "f1.sentiment", ...; no slash, once per cell
  std::string label;   ///< for legends
  std::vector<std::int64_t> edits;
  std::vector<double> values;
};

/// curves.h5: what the figures are drawn from.
struct ReportContents {
  std::string experiment;
  std::vector<Curve> curves;
  Provenance provenance;
};
/// A report is rewritten as a whole, so this replaces `path` in one step (temporary file, rename).
void write_report_file(const std::filesystem::path& path, const ReportContents& contents);
/// Curves by cell, then metric.
ReportContents read_report_file(const std::filesystem::path& path);

}  // namespace lethe::storage
