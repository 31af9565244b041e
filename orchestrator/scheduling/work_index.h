#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/grid_cell.h"

namespace lethe::orchestrator::inline scheduling {

/// The cells of a sweep that can be edited or reduced, in the orders in which the scheduler asks for them, so that a
/// choice looks at a few cells and not at all of them. Times of back-off are not known here: who chooses passes over
/// cells that wait.
class WorkIndex {
 public:
  /// (what is sorted by, cell)
  using Entries = std::set<std::pair<std::int64_t, std::size_t>>;
  using EntriesByModel = std::map<std::string, Entries>;

  /// Cells of one method and model, which cost the same an edit.
  struct Group {
    std::string method;
    std::string model;
    Entries editable;  ///< by edits that remain, negative: the longest first
  };

  /// Where a cell stands.
  struct Place {
    bool is_editable = false;  ///< open, and nothing that it needs is missing
    std::int64_t remaining_edits = 0;
    std::optional<std::int64_t> oldest_reduction = std::nullopt;  ///< open, its checkpoint committed: edits
    bool is_being_reduced = false;
    std::size_t num_reductions = 0;  ///< that are open, their checkpoints committed
    int holder = -1;                 ///< rank whose executor has its model at a checkpoint
    bool operator==(const Place&) const = default;
  };

  /// Cells are added in order, at no place.
  void add_cell(const core::GridCell& cell);
  /// O(log cells).
  void move(std::size_t cell, const Place& place);

  [[nodiscard]] const std::vector<Group>& groups() const { return groups_; }
  /// Cells that can be reduced, by edits of their oldest open reduction: those that the rank holds, those that nobody
  /// reduces, those that somebody reduces.
  [[nodiscard]] const EntriesByModel& held_by(int rank) const;
  [[nodiscard]] const EntriesByModel& reducible() const { return reducible_; }
  [[nodiscard]] const EntriesByModel& shared() const { return shared_; }
  /// Reductions of the model's cells that could be made now, but for those in back-off.
  [[nodiscard]] std::size_t num_reductions(const std::string& model) const;

 private:
  struct Cell {
    std::size_t group = 0;
    Place place;
  };
  std::vector<Group> groups_;
  std::map<std::pair<std::string, std::string>, std::size_t> group_of_;  // by model and method
  std::vector<Cell> cells_;
  std::map<int, EntriesByModel> held_;
  EntriesByModel reducible_;
  EntriesByModel shared_;
  std::map<std::string, std::size_t> num_reductions_;  // by model

  void insert(std::size_t cell);
  void erase(std::size_t cell);
};

}  // namespace lethe::orchestrator::inline scheduling
