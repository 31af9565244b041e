#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "data/edit_request.h"
#include "report/cell_history.h"

namespace lethe::report {

/// The data set as it lies now where the experiment has it. It may have been replaced since the edits were made.
class RecordsAtHand {
 public:
  /// Throws `core::DataError` for records that cannot be read. Sample orders that cannot be read are none.
  explicit RecordsAtHand(const core::DatasetConfig& dataset);

  [[nodiscard]] const std::vector<data::EditRequest>& records() const { return records_; }
  /// Are a cell's edits of these records, by the digest in their identity? nullopt: nothing tells it.
  [[nodiscard]] std::optional<bool> are_those_of(const CellHistory& history) const;

 private:
  std::vector<data::EditRequest> records_;
  std::map<int, std::string> digests_;  ///< of each sample's order
};

}  // namespace lethe::report
