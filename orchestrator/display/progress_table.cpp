#include "orchestrator/display/progress_table.h"

#include <algorithm>
#include <map>

#include <spdlog/fmt/fmt.h>

#include "orchestrator/display/duration.h"

namespace lethe::orchestrator::inline display {
namespace {

constexpr std::size_t kMaxRankRows = 16;
constexpr int kLeastNameColumns = 8;
constexpr int kMostNameColumns = 40;
constexpr int kNumberColumns = 44;  // of the three columns after the name

struct GroupRow {
  std::int64_t cells = 0, cells_done = 0, cells_failed = 0, cells_cancelled = 0, edits = 0, edits_done = 0;
  std::int64_t reductions_missing = 0;
};

/// Cells of a sweep by "<method>/<model>", in the order of names.
std::map<std::string, GroupRow> group_rows(const Backlog& backlog) {
  std::map<std::string, GroupRow> rows;
  for (const auto& cell : backlog.cells()) {
    auto& row = rows[cell.facts->cell.method + "/" + cell.facts->cell.model];
    ++row.cells;
    row.edits += cell.is_cut_short() ? cell.committed : cell.edits;
    row.edits_done += std::min(cell.edits, cell.committed + (cell.is_cut_short() ? 0 : cell.uncommitted_edits()));
    row.reductions_missing += static_cast<std::int64_t>(cell.num_missing_reductions());
    if (cell.is_cut_short()) ++row.cells_cancelled;
    if (cell.has_failed()) ++row.cells_failed;
    if (cell.is_complete()) ++row.cells_done;
  }
  return rows;
}

std::string remark_on(const GroupRow& row) {
  std::string remark;
  if (row.cells_failed > 0) remark += fmt::format(" {} FAILED", row.cells_failed);
  if (row.cells_cancelled > 0) remark += fmt::format(" {} cancelled", row.cells_cancelled);
  return remark;
}

std::vector<std::string> group_lines(const Backlog& backlog, int columns) {
  const auto rows = group_rows(backlog);
  int name_columns = static_cast<int>(std::string_view("method/model").size());
  for (const auto& [name, row] : rows) name_columns = std::max(name_columns, num_columns(name));
  name_columns = std::min(name_columns, std::clamp(columns - kNumberColumns, kLeastNameColumns, kMostNameColumns));
  const auto line = [&](const std::string& name, const std::string& cells, const std::string& edits,
                        const std::string& reductions, const std::string& remark) {
    const auto padding = std::string(static_cast<std::size_t>(std::max(0, name_columns - num_columns(name))), ' ');
    return fmt::format("{}{} {:>9} {:>17} {:>10}{}", cut_to(name, name_columns), padding, cells, edits, reductions,
                       remark);
  };
  std::vector<std::string> lines{line("method/model", "cells", "edits", "to reduce", "")};
  for (const auto& [name, row] : rows) {
    lines.push_back(line(name, fmt::format("{}/{}", row.cells_done, row.cells),
                         fmt::format("{}/{}", row.edits_done, row.edits), std::to_string(row.reductions_missing),
                         remark_on(row)));
  }
  return lines;
}

/// Those that work first: they are the ones to see when there is little room.
std::vector<std::string> rank_lines(const Coordinator& coordinator) {
  std::vector<std::string> busy;
  std::vector<std::string> idle;
  for (int rank = 0; rank < coordinator.num_ranks(); ++rank) {
    const auto activity = coordinator.activity(rank);
    auto text = fmt::format("rank {:<3} {}", rank, activity ? activity->work : "idle");
    if (activity && activity->edits_seen > 0) text += fmt::format(" ({}/{})", activity->edits_seen, activity->until);
    (activity ? busy : idle).push_back(std::move(text));
  }
  busy.insert(busy.end(), idle.begin(), idle.end());
  return busy;
}

/// At most `num_lines`, the last of them saying how many `what` are not shown.
std::vector<std::string> at_most(std::vector<std::string> lines, std::size_t num_lines, const char* what) {
  if (lines.size() <= num_lines) return lines;
  if (num_lines == 0) return {};
  const auto num_hidden = lines.size() - (num_lines - 1);
  lines.resize(num_lines - 1);
  lines.push_back(fmt::format("... and {} more {}", num_hidden, what));
  return lines;
}

/// Pieces side by side, as many in a line as fit.
std::vector<std::string> packed(const std::string& first, const std::vector<std::string>& pieces, int columns) {
  std::vector<std::string> lines{first};
  for (const auto& piece : pieces) {
    const bool fits = num_columns(lines.back()) + 2 + num_columns(piece) <= columns;
    if (fits) {
      lines.back() += "  " + piece;
    } else {
      lines.push_back(piece);
    }
  }
  return lines;
}

}  // namespace

int num_columns(const std::string& text) {
  return static_cast<int>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string cut_to(const std::string& text, int columns) {
  int count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U && ++count > columns) return text.substr(0, i);
  }
  return text;
}

std::vector<std::string> summary_pieces(const Coordinator& coordinator, double edits_per_second) {
  const auto totals = coordinator.backlog().totals();
  std::vector<std::string> pieces;
  pieces.push_back(coordinator.is_stopping() ? "ending" : "ETA " + format_duration(coordinator.remaining_seconds()));
  pieces.push_back(fmt::format("edits {}/{} ({:.3g}/s)", totals.edits_done + totals.edits_uncommitted, totals.edits,
                               edits_per_second));
  auto cells = fmt::format("cells {}/{}", totals.num_cells_done, totals.num_cells);
  if (totals.num_cells_failed > 0) cells += fmt::format(" ({} failed)", totals.num_cells_failed);
  if (totals.num_cells_cancelled > 0) cells += fmt::format(" ({} cancelled)", totals.num_cells_cancelled);
  pieces.push_back(std::move(cells));
  pieces.push_back(fmt::format("reductions {}/{} ({} waiting)", totals.reductions_done, totals.reductions,
                               totals.reductions_waiting));
  if (totals.prerequisites_done < totals.prerequisites) {
    pieces.push_back(fmt::format("prerequisites {}/{}", totals.prerequisites_done, totals.prerequisites));
  }
  return pieces;
}

std::vector<std::string> table_lines(const Coordinator& coordinator, const std::string& first, double edits_per_second,
                                     TerminalSize size) {
  // A full line would leave the cursor at the edge, where terminals differ.
  const int columns = size.columns - 1;
  if (columns < 1 || size.rows < 2) return {};
  const auto most_lines = static_cast<std::size_t>(size.rows - 1);
  auto summary = packed(first, summary_pieces(coordinator, edits_per_second), columns);
  if (summary.size() > most_lines) summary.resize(most_lines);
  const auto room = most_lines - summary.size();
  auto groups = group_lines(coordinator.backlog(), columns);
  auto ranks = rank_lines(coordinator);
  // Methods have the first say, but for a third that ranks may take.
  const auto for_ranks = std::max(room / 3, room - std::min(room, groups.size()));
  ranks = at_most(std::move(ranks), std::min(for_ranks, kMaxRankRows), "ranks");
  const auto for_groups = room - ranks.size();
  groups = for_groups < 2 ? std::vector<std::string>() : at_most(std::move(groups), for_groups, "methods/models");
  std::vector<std::string> lines;
  for (auto* part : {&groups, &ranks, &summary}) {
    for (auto& line : *part) lines.push_back(cut_to(line, columns));
  }
  return lines;
}

}  // namespace lethe::orchestrator::inline display
