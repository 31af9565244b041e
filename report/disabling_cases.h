#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/cell_history.h"

// Which edits are made the first of a fresh model, to see whether they disable it alone (table 2 of the paper).

namespace lethe::report {

/// A case that is made the only edit of a fresh model.
struct SelectedCase {
  std::int64_t case_id = 0;
  std::string subject;
  std::string found;  ///< why it was chosen; empty: drawn at random

  [[nodiscard]] bool is_chosen() const { return !found.empty(); }
  bool operator==(const SelectedCase&) const = default;
};

/// What a sweep of single edits is about. Each case once: the chosen ones first, then the random ones, by case id.
struct Selection {
  std::uint64_t seed = 0;  ///< of the draw, and of the intervals
  std::vector<SelectedCase> cases;
  std::vector<std::string> notes{};  ///< what readers must know of the choice

  bool operator==(const Selection&) const = default;
};
std::string to_json(const Selection& selection);
/// Throws `core::StorageError` beginning with `place`.
Selection selection_from_json(const std::string& text, const std::string& place);

/// Cases with the reasons for which they are chosen.
using Reasons = std::map<std::int64_t, std::string>;
/// Adds a reason to those that a case has.
void add_reason(Reasons& reasons, std::int64_t case_id, const std::string& reason);

/// The edit that the report names behind each point of catastrophic forgetting.
Reasons found_behind_points(std::span<const CellHistory> histories);
/// Of each method and model the `count` cases of the largest update norm over all samples; of equals the smaller id.
Reasons found_by_norm(std::span<const CellHistory> histories, std::int64_t count);

/// `count` cases of `pool` that are not chosen, by case id. Each case has a number of its own, drawn by the seed, and
/// the smallest numbers are taken: asking for more keeps those that there were. Fewer than `count` where the pool has
/// no more.
std::vector<std::int64_t> draw_normal(std::span<const std::int64_t> pool, const Reasons& chosen, std::size_t count,
                                      std::uint64_t seed);

}  // namespace lethe::report
