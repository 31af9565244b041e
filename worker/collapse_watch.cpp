#include "worker/collapse_watch.h"

#include <utility>

#include "core/config/schedule.h"
#include "core/log.h"
#include "ledger/collapse_file.h"
#include "ledger/durable_file.h"
#include "worker/cell_replay.h"

namespace lethe::worker {
namespace {

void set_aside(const ledger::CollapseFile& collapse, const std::string& reason) {
  core::log_warning("quarantine " + core::log_field("reason", reason));
  ledger::quarantine(collapse.file.path, reason);
}

}  // namespace

core::CollapseDetector detector_after(Workspace& workspace, const core::GridCell& cell, const ledger::CellFiles& files,
                                      std::int64_t vocabulary) {
  core::CollapseDetector detector(vocabulary, workspace.collapse_rule());
  for (const auto& segment : files.segments) {
    if (detector.collapsed_at()) break;
    for (const auto& edit : read_cell_segment(workspace, cell, segment, storage::SegmentParts::kWithoutDeltas).edits) {
      detector.add(edit.record, core::is_step_end(workspace.config(), cell, edit.record.edit));
    }
  }
  return detector;
}

CollapseWatch::CollapseWatch(Workspace& workspace, core::GridCell cell, std::int64_t vocabulary)
    : workspace_(workspace),
      cell_(std::move(cell)),
      vocabulary_(vocabulary),
      detector_(vocabulary, workspace.collapse_rule()) {}

void CollapseWatch::read(const ledger::CellFiles& files) {
  if (!is_on()) return;
  detector_ = detector_after(workspace_, cell_, files, vocabulary_);
  edits_ = files.num_edits();
}

void CollapseWatch::add(const std::vector<storage::StoredEdit>& step) {
  if (!is_on()) return;
  for (const auto& edit : step) {
    detector_.add(edit.record, &edit == &step.back());
    edits_ = edit.record.edit;
  }
}

std::int64_t CollapseWatch::last_edit() const {
  return core::last_edit_of(workspace_.config(), cell_, detector_.collapsed_at());
}

void CollapseWatch::settle(TaskMonitor& monitor) {
  if (!is_on() || is_settled_) return;
  const auto folder = workspace_.cell_folder(cell_);
  const auto collapsed_at = detector_.collapsed_at();
  bool is_there = false;
  for (const auto& collapse : ledger::scan_cell(folder).collapses) {
    const bool is_borne_out = collapsed_at ? collapse.edit == *collapsed_at : collapse.edit > edits_;
    if (const auto flaw = ledger::flaw_of(collapse)) {
      set_aside(collapse, *flaw);
    } else if (!is_borne_out) {
      set_aside(collapse, collapse.file.path.string() + ": the records of the edits up to " + std::to_string(edits_) +
                              " tell of " +
                              (collapsed_at ? "a collapse at edit " + std::to_string(*collapsed_at) : "no collapse"));
    } else {
      is_there |= collapsed_at.has_value();
    }
  }
  if (!collapsed_at) return;
  is_settled_ = true;
  if (is_there) return;
  const auto file = workspace_.commit_file(
      folder, ledger::collapse_stem(*collapsed_at),
      [&](const auto& temporary) { ledger::write_new_file(temporary, ledger::collapse_text(*collapsed_at)); }, ".json");
  core::log_info("collapse " + core::log_field(cell_) + " at_edit=" + std::to_string(*collapsed_at) +
                 " last_edit=" + std::to_string(last_edit()));
  monitor.committed(file.path, edits_);
}

}  // namespace lethe::worker
