#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "report/cell_history.h"

namespace lethe::report {

/// Two runs of a cell, each cut to what the other has as well: the first edits of both, and points at edits that both
/// have. What is derived of a cell is derived of `one` and `other` as of any other history.
struct SharedPart {
  CellHistory one, other;
  std::int64_t edits = 0;                    ///< that both have made
  bool has_same_case_ids = false;            ///< in the same order, so far
  std::optional<bool> has_same_records{};    ///< behind all case ids of the sample; nullopt: one history does not tell
  bool has_same_checks = false;              ///< forgetting was asked at the same edits, up to the last common one
  bool has_same_texts = true;                ///< of equal length, about as many facts; others are left out
  bool has_same_fixed_text = true;           ///< of the monitor, and as many tokens; perplexity of others is left out
  bool has_same_references = true;           ///< of the same facts; consistency of others is left out
  std::set<std::string> tasks_of_one_alone;  ///< asked in one of them, or asked otherwise: left out

  /// The same facts in the same order: by case ids alone where nothing tells their records.
  [[nodiscard]] bool has_same_facts() const { return has_same_case_ids && has_same_records.value_or(true); }
};

/// A task is asked alike if its examples have the same labels and, where both files say it, the same identity
/// (examples, texts, answer words; `core::task_identity`). Perplexity of a fixed text stays where both were asked the
/// same tokens of the same text.
SharedPart shared_part(CellHistory one, CellHistory other);

}  // namespace lethe::report
