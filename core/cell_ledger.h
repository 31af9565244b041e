#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "core/reduction_part.h"

namespace lethe::core {

/// What is committed of a cell, under its present identities.
struct CellLedger {
  std::int64_t num_edits = 0;                                   ///< edits 1..num_edits, without a gap
  std::set<std::pair<std::int64_t, ReductionPart>> reductions;  ///< (edits, part)
  bool is_cancelled = false;                                    ///< its user wants no more edits of it
  std::optional<std::int64_t> collapsed_at = std::nullopt;      ///< the edit at which its collapse was certain
};

}  // namespace lethe::core
