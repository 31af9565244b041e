#include "report/cell_history.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "core/config/schedule.h"
#include "core/error.h"
#include "storage/reduction.h"
#include "storage/segment.h"

namespace lethe::report {
namespace {

namespace fs = std::filesystem;

/// Time of the last write; the epoch where it cannot be read, so that such a file never counts as newest.
fs::file_time_type time_of(const fs::path& path) {
  std::error_code error;
  const auto time = fs::last_write_time(path, error);
  return error ? fs::file_time_type::min() : time;
}

/// The current identity among `newest` (identity -> time of its newest file), and a warning about the others.
std::string choose_identity(const std::map<std::string, fs::file_time_type>& newest, const std::string& expected,
                            const std::string& of_what, std::vector<std::string>& warnings) {
  if (!expected.empty()) return expected;
  if (newest.empty()) return {};
  const auto later = [](const auto& a, const auto& b) { return a.second < b.second; };
  std::string chosen = std::max_element(newest.begin(), newest.end(), later)->first;
  for (const auto& [identity, time] : newest) {
    if (identity == chosen) continue;
    warnings.push_back(of_what + " exist for identity " + identity + " too; the newest, " + chosen + ", are reported");
  }
  return chosen;
}

class CellLoader {
 public:
  CellLoader(const ledger::SweepFolder& folder, const core::ExperimentConfig& config, const core::GridCell& cell,
             const std::optional<core::Inspection>& inspection)
      : folder_(folder), config_(config) {
    history_.cell = cell;
    history_.planned_edits = config.edits.at(cell);
    if (!inspection) return;
    expected_edit_identity_ = inspection->cell(cell).edit_identity;
    expected_reductions_ = inspection->cell(cell).reduction_identities;
    const auto* baseline = inspection->find_prerequisite("baseline", cell.model);
    if (baseline != nullptr) expected_baseline_ = baseline->identity();
  }

  CellHistory load() {
    history_.edit_identity = edit_identity();
    load_baseline();
    if (history_.edit_identity.empty()) return std::move(history_);
    const auto files = ledger::scan_cell(folder_.cell(history_.cell, history_.edit_identity));
    load_records(files);
    load_reductions(files);
    return std::move(history_);
  }

 private:
  /// Runs `read`; a file that cannot be trusted becomes a warning.
  template <typename Read>
  bool guarded(const fs::path& path, Read read) {
    try {
      read();
      return true;
    } catch (const core::StorageError& error) {
      std::error_code ignored;
      history_.warnings.push_back(fs::relative(path, folder_.root(), ignored).string() +
                                  " is damaged and left out: " + error.what());
      return false;
    }
  }

  std::string edit_identity() {
    std::map<std::string, fs::file_time_type> newest;
    for (const std::string& identity : ledger::foreign_identities(folder_, history_.cell, "")) {
      auto time = fs::file_time_type::min();
      for (const auto& segment : ledger::scan_cell(folder_.cell(history_.cell, identity)).segments) {
        time = std::max(time, time_of(segment.file.path));
      }
      newest[identity] = time;
    }
    return choose_identity(newest, expected_edit_identity_, history_.cell.name() + ": edits", history_.warnings);
  }

  void load_records(const ledger::CellFiles& files) {
    for (const auto& segment : files.segments) {
      const bool is_whole = guarded(segment.file.path, [&] { append_segment(segment); });
      if (is_whole) continue;
      if (segment.last_edit < files.num_edits()) {
        history_.warnings.push_back(history_.cell.name() + ": edits after " + std::to_string(segment.first_edit - 1) +
                                    " are left out, because the chain of segments is broken there");
      }
      return;
    }
  }

  void append_segment(const ledger::SegmentFile& segment) {
    const auto label =
        storage::segment_label(history_.cell, history_.edit_identity, segment.first_edit, segment.last_edit);
    auto contents = storage::read_segment(segment.file, label, storage::SegmentParts::kWithoutDeltas);
    const auto expected_first = static_cast<std::int64_t>(history_.records.size()) + 1;
    if (segment.first_edit != expected_first) {
      throw core::StorageError(segment.file.path.string() + ": does not continue the edits before it");
    }
    for (auto& edit : contents.edits) history_.records.push_back(std::move(edit.record));
  }

  void load_baseline() {
    const auto models = folder_.root() / ledger::prerequisite_folder(ledger::kBaselineFolder, history_.cell.model, "");
    std::map<std::string, fs::file_time_type> newest;
    std::map<std::string, ledger::CommittedFile> files;
    std::error_code error;
    for (fs::directory_iterator entry(models, error), end; !error && entry != end; entry.increment(error)) {
      for (const auto& file : ledger::committed_files(entry->path())) {
        if (file.stem != ledger::kBaselineStem) continue;
        const std::string identity = entry->path().filename().string();
        newest[identity] = time_of(file.path);
        files.emplace(identity, file);
      }
    }
    const std::string chosen =
        choose_identity(newest, expected_baseline_, history_.cell.model + ": baselines", history_.warnings);
    const auto found = files.find(chosen);
    if (found == files.end()) return;
    guarded(found->second.path, [&] {
      auto contents = storage::read_reduction(found->second, storage::baseline_label(history_.cell.model, chosen));
      history_.tasks.push_back({0, std::move(contents.tasks)});
    });
  }

  void load_reductions(const ledger::CellFiles& files) {
    std::map<core::ReductionPart, std::string> identities;
    for (const auto part : core::kAllReductionParts) {
      std::map<std::string, fs::file_time_type> newest;
      for (const auto& file : files.reductions) {
        if (file.part != part) continue;
        auto& time = newest.try_emplace(file.identity, fs::file_time_type::min()).first->second;
        time = std::max(time, time_of(file.file.path));
      }
      const auto expected = expected_reductions_.find(part);
      identities[part] = choose_identity(
          newest, expected == expected_reductions_.end() ? "" : expected->second,
          history_.cell.name() + ": " + std::string(core::to_string(part)) + " reductions", history_.warnings);
    }
    for (const auto& file : files.reductions) {
      if (file.identity == identities[file.part]) guarded(file.file.path, [&] { append_reduction(file); });
    }
    count_missing(files, identities);
  }

  void append_reduction(const ledger::ReductionFile& file) {
    auto contents = storage::read_reduction(file.file, storage::reduction_label(history_.cell, history_.edit_identity,
                                                                                file.part, file.edits, file.identity));
    switch (file.part) {
      case core::ReductionPart::kDistance:
        history_.distances.push_back({file.edits, std::move(contents.distances)});
        return;
      case core::ReductionPart::kForgetting:
        require_same_edits(file, contents.forgetting);
        history_.forgetting.push_back({file.edits, std::move(contents.forgetting)});
        return;
      case core::ReductionPart::kTasks:
        history_.tasks.push_back({file.edits, std::move(contents.tasks)});
        return;
    }
  }

  /// Forgetting compares with what was true right after each edit, so both must speak of the same edits.
  void require_same_edits(const ledger::ReductionFile& file,
                          const std::vector<core::ForgettingRecord>& forgetting) const {
    const auto fail = [&](const std::string& what) { throw core::StorageError(file.file.path.string() + ": " + what); };
    if (static_cast<std::int64_t>(forgetting.size()) != file.edits) fail("does not hold all edits up to its own");
    if (forgetting.size() > history_.records.size()) fail("has no segments to compare with");
    for (std::size_t i = 0; i < forgetting.size(); ++i) {
      if (forgetting[i].edit != history_.records[i].edit || forgetting[i].case_id != history_.records[i].case_id) {
        fail("speaks of other records than the segments do");
      }
    }
  }

  void count_missing(const ledger::CellFiles& files, const std::map<core::ReductionPart, std::string>& identities) {
    for (const std::int64_t n : core::checkpoints_of(config_, history_.cell)) {
      if (n > files.num_edits()) break;
      for (const auto part : core::parts_due(config_, history_.cell, n)) {
        if (!files.has_reduction(part, n, identities.at(part))) ++history_.num_missing_reductions;
      }
    }
  }

  const ledger::SweepFolder& folder_;
  const core::ExperimentConfig& config_;
  std::string expected_edit_identity_;
  std::map<core::ReductionPart, std::string> expected_reductions_;
  std::string expected_baseline_;
  CellHistory history_;
};

}  // namespace

CellHistory load_cell_history(const ledger::SweepFolder& folder, const core::ExperimentConfig& config,
                              const core::GridCell& cell, const std::optional<core::Inspection>& inspection) {
  return CellLoader(folder, config, cell, inspection).load();
}

}  // namespace lethe::report
