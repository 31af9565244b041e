#pragma once

#include <set>
#include <string>
#include <vector>

namespace lethe::report {

/// What readers of a report must know about the results in it. Every remark stands in summary.md.
struct Remarks {
  std::vector<std::string> notes;     ///< nothing that the experiment names is missing for it
  std::vector<std::string> left_out;  ///< committed, but not in the report: the exit status says so
};

/// Gathers the remarks of many cells, each once: a damaged baseline is found by every cell of its model.
class RemarkList {
 public:
  /// What is gathered stands behind what is in `remarks` already, which must outlive the list.
  explicit RemarkList(Remarks& remarks);

  /// O(log n) for each remark.
  void add(const Remarks& more);

 private:
  Remarks& remarks_;
  std::set<std::string> notes_;
  std::set<std::string> left_out_;
};

}  // namespace lethe::report
