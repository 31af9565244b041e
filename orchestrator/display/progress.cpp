#include "orchestrator/display/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <sstream>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "orchestrator/display/progress_table.h"

namespace lethe::orchestrator::inline display {
namespace {

constexpr double kLookSeconds = 0.5;
constexpr double kSetbackSeconds = 60.0;
constexpr std::size_t kMaxCellsNamed = 3;
// Lines are written over, and only then what is below them is cleared: clearing a whole screen makes terminals put it
// among the lines that were scrolled out.
constexpr const char* kEndOfLine = "\x1b[K\n";
constexpr const char* kClearBelow = "\x1b[J";

/// "a, b, c and 4 more".
std::string first_names(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMaxCellsNamed); ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kMaxCellsNamed) text += fmt::format(" and {} more", names.size() - kMaxCellsNamed);
  return text;
}

}  // namespace

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

ProgressDisplay::ProgressDisplay(std::ostream& out, Mode mode, const Clock& clock, std::function<TerminalSize()> size)
    : out_(out), mode_(mode), clock_(clock), size_(std::move(size)), started_seconds_(clock.now_seconds()) {}

std::string ProgressDisplay::elapsed() const {
  return fmt::format("[{}]", format_duration(clock_.now_seconds() - started_seconds_));
}

void ProgressDisplay::note(const std::string& text) {
  if (drawn_columns_.empty()) {
    out_ << text << "\n" << std::flush;
    return;
  }
  std::istringstream lines(text);
  auto over = move_to_table(size_());
  for (std::string line; std::getline(lines, line);) over += line + kEndOfLine;
  out_ << over << kClearBelow << std::flush;
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
  tell_cancellations(coordinator);
  tell_collapses(coordinator);
}

void ProgressDisplay::tell_collapses(const Coordinator& coordinator) {
  const auto& cells = coordinator.backlog().cells();
  std::vector<std::string> collapsed;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto& cell = cells[i];
    if (!cell.collapsed_at || !collapses_told_.insert(i).second) continue;
    collapsed.push_back(fmt::format("{} at edit {}: ends at edit {} of {}", cell.facts->cell.name(), *cell.collapsed_at,
                                    cell.edits, cell.facts->edits));
  }
  if (!collapsed.empty()) note("COLLAPSED " + first_names(collapsed));
}

void ProgressDisplay::tell_cancellations(const Coordinator& coordinator) {
  const auto& cells = coordinator.backlog().cells();
  std::vector<std::string> cancelled;
  std::vector<std::string> restored;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto& cell = cells[i];
    if (!cell.is_cancelled && cancelled_told_.empty()) continue;
    const auto name = cell.facts->cell.name();
    const bool has_ended = cell.is_cut_short() && cell.edit_state != WorkState::kRunning;
    if (has_ended && cancelled_told_.insert(i).second) {
      cancelled.push_back(fmt::format("{} after {} of {} edits", name, cell.committed, cell.facts->edits));
    }
    if (!cell.is_cancelled && cancelled_told_.erase(i) > 0) restored.push_back(name);
  }
  if (!cancelled.empty()) note("CANCELLED " + first_names(cancelled));
  if (!restored.empty()) note("NO LONGER CANCELLED " + first_names(restored));
}

std::vector<std::string> ProgressDisplay::newly_complete(const Coordinator& coordinator) {
  const auto& cells = coordinator.backlog().cells();
  std::vector<std::string> names;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].is_complete() && cells_told_.insert(i).second) names.push_back(cells[i].facts->cell.name());
  }
  // Those that a run finds complete are no news.
  if (!std::exchange(knows_cells_, true)) return {};
  return names;
}

void ProgressDisplay::update(const Coordinator& coordinator) {
  const double now = clock_.now_seconds();
  if (now - looked_seconds_ < kLookSeconds) return;
  looked_seconds_ = now;
  const auto totals = coordinator.backlog().totals();
  rate_.measure(static_cast<double>(totals.edits_done + totals.edits_uncommitted), now);
  tell_milestones(coordinator);
  if (mode_ == Mode::kTable) return draw_table(coordinator);
  const auto complete = newly_complete(coordinator);
  if (!complete.empty() || pace_.is_due(now)) tell_line(coordinator, complete);
}

void ProgressDisplay::tell_line(const Coordinator& coordinator, const std::vector<std::string>& complete) {
  pace_.begin_pause(clock_.now_seconds());
  std::string line;
  for (const auto& piece : summary_pieces(coordinator, rate_.per_second())) line += (line.empty() ? "" : "  ") + piece;
  if (!complete.empty()) line += "  complete: " + first_names(complete);
  if (line == last_line_) return;
  out_ << elapsed() << " " << line << "\n" << std::flush;
  last_line_ = std::move(line);
  if (complete.empty()) pace_.count_line();
}

/// The cursor goes to where the table began. A window that has become narrower since may have broken its lines into
/// several.
std::string ProgressDisplay::move_to_table(TerminalSize size) {
  int num_rows = 0;
  for (const int columns : drawn_columns_) {
    num_rows += std::max(1, (columns + size.columns - 1) / std::max(1, size.columns));
  }
  drawn_columns_.clear();
  return num_rows == 0 ? std::string() : fmt::format("\x1b[{}F", num_rows);
}

void ProgressDisplay::draw_table(const Coordinator& coordinator) {
  const auto size = size_();
  auto text = move_to_table(size);
  for (const auto& line : table_lines(coordinator, elapsed(), rate_.per_second(), size)) {
    text += line + kEndOfLine;
    drawn_columns_.push_back(num_columns(line));
  }
  out_ << text << kClearBelow << std::flush;
}

void ProgressDisplay::finish(const Coordinator& coordinator) {
  tell_milestones(coordinator);
  const auto complete = newly_complete(coordinator);
  if (mode_ == Mode::kLines && !complete.empty()) tell_line(coordinator, complete);
  const auto totals = coordinator.backlog().totals();
  const auto cancelled =
      totals.num_cells_cancelled == 0 ? "" : fmt::format(" ({} cancelled)", totals.num_cells_cancelled);
  note(fmt::format("{} {}: cells {}/{}{}, edits {}/{}, reductions {}/{}", elapsed(), to_string(coordinator.outcome()),
                   totals.num_cells_done, totals.num_cells, cancelled, totals.edits_done, totals.edits,
                   totals.reductions_done, totals.reductions));
}

}  // namespace lethe::orchestrator::inline display
