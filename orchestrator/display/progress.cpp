#include "orchestrator/display/progress.h"

#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <ostream>

#include <spdlog/fmt/fmt.h>

namespace lethe::orchestrator::inline display {
namespace {

constexpr double kTableSeconds = 0.5;
constexpr double kLineSeconds = 5.0;
constexpr double kRateWindowSeconds = 10.0;
constexpr double kSetbackSeconds = 60.0;
constexpr int kMaxRankRows = 16;

struct GroupRow {
  std::int64_t cells = 0, cells_done = 0, cells_failed = 0, edits = 0, edits_done = 0;
  std::int64_t reductions_missing = 0;
};

/// Cells of a sweep by "<method>/<model>", in plan order of names.
std::map<std::string, GroupRow> group_rows(const Backlog& backlog) {
  std::map<std::string, GroupRow> rows;
  for (const auto& cell : backlog.cells()) {
    auto& row = rows[cell.facts->cell.method + "/" + cell.facts->cell.model];
    std::int64_t missing = 0;
    bool is_failed = cell.edit_state == WorkState::kFailed;
    for (const auto& reduction : cell.reductions) {
      if (reduction.state != WorkState::kDone) ++missing;
      is_failed |= reduction.state == WorkState::kFailed;
    }
    ++row.cells;
    row.edits += cell.facts->edits;
    row.edits_done += cell.committed;
    row.reductions_missing += missing;
    if (is_failed) ++row.cells_failed;
    if (cell.edit_state == WorkState::kDone && missing == 0) ++row.cells_done;
  }
  return rows;
}

}  // namespace

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds)) return "unknown";
  const auto total = static_cast<std::int64_t>(std::llround(std::max(0.0, seconds)));
  if (total < 60) return fmt::format("{} s", total);
  if (total < 3600) return fmt::format("{} min {:02} s", total / 60, total % 60);
  if (total < 86400) return fmt::format("{} h {:02} min", total / 3600, total % 3600 / 60);
  return fmt::format("{} d {} h", total / 86400, total % 86400 / 3600);
}

ProgressDisplay::Mode choose_progress_mode(bool is_under_mpi) {
  using Mode = ProgressDisplay::Mode;
  if (const char* wish = std::getenv("LETHE_PROGRESS")) {
    return std::string_view(wish) == "table" ? Mode::kTable : Mode::kLines;
  }
  if (!is_under_mpi) return ::isatty(STDOUT_FILENO) != 0 ? Mode::kTable : Mode::kLines;
  std::error_code error;
  const auto target = std::filesystem::read_symlink(fmt::format("/proc/{}/fd/1", ::getppid()), error);
  if (error) return Mode::kLines;
  const auto name = target.string();
  return name.starts_with("/dev/pts/") || name.starts_with("/dev/tty") ? Mode::kTable : Mode::kLines;
}

ProgressDisplay::ProgressDisplay(std::ostream& out, Mode mode, const Clock& clock)
    : out_(out), mode_(mode), clock_(clock), started_seconds_(clock.now_seconds()) {}

void ProgressDisplay::measure_rate(double edits, double now_seconds) {
  if (window_start_edits_ < 0.0) {
    window_start_edits_ = edits;
    window_start_seconds_ = now_seconds;
    return;
  }
  const double elapsed = now_seconds - window_start_seconds_;
  if (elapsed > 0.0) edits_per_second_ = std::max(0.0, edits - window_start_edits_) / elapsed;
  if (elapsed < kRateWindowSeconds) return;
  // Half of the window stays, so that the number does not jump.
  window_start_edits_ = edits - edits_per_second_ * kRateWindowSeconds / 2.0;
  window_start_seconds_ = now_seconds - kRateWindowSeconds / 2.0;
}

std::string ProgressDisplay::summary(const Coordinator& coordinator) const {
  const auto totals = coordinator.backlog().totals();
  auto text = fmt::format("cells {}/{}", totals.num_cells_done, totals.num_cells);
  if (totals.num_cells_failed > 0) text += fmt::format(" ({} failed)", totals.num_cells_failed);
  if (totals.prerequisites_done < totals.prerequisites) {
    text += fmt::format("  prerequisites {}/{}", totals.prerequisites_done, totals.prerequisites);
  }
  text += fmt::format("  edits {}/{} ({:.1f}/s)", totals.edits_done + coordinator.uncommitted_edits(), totals.edits,
                      edits_per_second_);
  text += fmt::format("  reductions {}/{} ({} waiting)", totals.reductions_done, totals.reductions,
                      totals.reductions_waiting);
  if (coordinator.is_stopping()) return text + "  ending";
  return text + "  ETA " +
         format_duration(coordinator.backlog().remaining_seconds(std::max(1, coordinator.num_connected())));
}

void ProgressDisplay::note(const std::string& text) {
  erase_table();
  out_ << text << "\n" << std::flush;
}

/// The first of a kind at once; what follows within the minute is in `lethe status`.
void ProgressDisplay::tell_setbacks(const Coordinator& coordinator) {
  const double now = clock_.now_seconds();
  const auto& setbacks = coordinator.setbacks();
  for (; num_setbacks_told_ < setbacks.size(); ++num_setbacks_told_) {
    const auto& setback = setbacks[num_setbacks_told_];
    const auto [told, is_first] = setback_told_seconds_.try_emplace(setback.failure, now);
    if (!is_first && now - told->second < kSetbackSeconds) continue;
    told->second = now;
    note(fmt::format("TRIED AGAIN {}: {}: {}", setback.work, core::to_string(setback.failure),
                     setback.reason.substr(0, setback.reason.find('\n'))));
  }
}

void ProgressDisplay::tell_milestones(const Coordinator& coordinator) {
  tell_setbacks(coordinator);
  const auto& failures = coordinator.failures();
  for (; num_failures_told_ < failures.size(); ++num_failures_told_) {
    const auto& failure = failures[num_failures_told_];
    note("FAILED " + failure.work + ": " + failure.reason);
  }
}

void ProgressDisplay::update(const Coordinator& coordinator) {
  const double now = clock_.now_seconds();
  if (now - drawn_seconds_ < kTableSeconds) return;
  const auto totals = coordinator.backlog().totals();
  measure_rate(static_cast<double>(totals.edits_done + coordinator.uncommitted_edits()), now);
  tell_milestones(coordinator);
  if (mode_ == Mode::kTable) {
    drawn_seconds_ = now;
    return draw_table(coordinator);
  }
  const bool is_milestone = totals.num_cells_done != num_cells_told_;
  if (!is_milestone && now - drawn_seconds_ < kLineSeconds) return;
  drawn_seconds_ = now;
  num_cells_told_ = totals.num_cells_done;
  auto line = summary(coordinator);
  if (line == last_line_) return;
  out_ << fmt::format("[{}] ", format_duration(now - started_seconds_)) << line << "\n" << std::flush;
  last_line_ = std::move(line);
}

void ProgressDisplay::erase_table() {
  if (num_drawn_lines_ > 0) out_ << "\x1b[" << num_drawn_lines_ << "F\x1b[J";
  num_drawn_lines_ = 0;
}

void ProgressDisplay::draw_table(const Coordinator& coordinator) {
  erase_table();
  std::string table = fmt::format("{:<28} {:>9} {:>15} {:>16}\n", "method/model", "cells", "edits", "to reduce");
  int lines = 1;
  for (const auto& [name, row] : group_rows(coordinator.backlog())) {
    const auto cells = fmt::format("{}/{}", row.cells_done, row.cells);
    const auto edits = fmt::format("{}/{}", row.edits_done, row.edits);
    table += fmt::format("{:<28} {:>9} {:>15} {:>16}{}\n", name, cells, edits, row.reductions_missing,
                         row.cells_failed > 0 ? fmt::format("  {} FAILED", row.cells_failed) : "");
    ++lines;
  }
  const int shown = std::min(coordinator.num_ranks(), kMaxRankRows);
  for (int rank = 0; rank < shown; ++rank, ++lines) {
    const auto activity = coordinator.activity(rank);
    table += fmt::format("rank {:<3} {}\n", rank, activity.empty() ? "idle" : activity);
  }
  if (shown < coordinator.num_ranks()) {
    table += fmt::format("... and {} more ranks\n", coordinator.num_ranks() - shown);
    ++lines;
  }
  table += fmt::format("[{}] {}\n", format_duration(clock_.now_seconds() - started_seconds_), summary(coordinator));
  out_ << table << std::flush;
  num_drawn_lines_ = lines + 1;
}

void ProgressDisplay::finish(const Coordinator& coordinator) {
  tell_milestones(coordinator);
  erase_table();
  const auto totals = coordinator.backlog().totals();
  out_ << fmt::format("[{}] {}: cells {}/{}, edits {}/{}, reductions {}/{}\n",
                      format_duration(clock_.now_seconds() - started_seconds_), to_string(coordinator.outcome()),
                      totals.num_cells_done, totals.num_cells, totals.edits_done, totals.edits, totals.reductions_done,
                      totals.reductions)
       << std::flush;
}

}  // namespace lethe::orchestrator::inline display
