#pragma once

#include <string>
#include <vector>

namespace lethe::report {

/// What readers of a report must know about the results in it. Every remark stands in summary.md.
struct Remarks {
  std::vector<std::string> notes;     ///< nothing that the experiment names is missing for it
  std::vector<std::string> left_out;  ///< committed, but not in the report: the exit status says so

  /// Each remark once: a damaged baseline is found by every cell of its model.
  void add(const Remarks& more);
};

}  // namespace lethe::report
