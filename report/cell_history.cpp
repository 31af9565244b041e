#include "report/cell_history.h"

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include "core/config/schedule.h"
#include "core/error.h"
#include "core/score.h"
#include "ledger/cancelled_cells.h"
#include "ledger/cell_identities.h"
#include "report/task_origin.h"
#include "storage/reduction.h"
#include "storage/segment.h"

namespace lethe::report {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFailures = "a prompt whose NLL is NaN counts as a failure";

class CellLoader {
 public:
  CellLoader(const ledger::SweepFolder& folder, const core::ExperimentConfig& config, const core::GridCell& cell,
             IdentityChoice& choice)
      : folder_(folder), config_(config), choice_(choice) {
    history_.cell = cell;
  }

  CellHistory load() {
    const auto identities = ledger::foreign_identities(folder_, history_.cell, "");
    identities_.edit = choice_.edits_of(history_.cell, {identities.begin(), identities.end()}, remarks());
    history_.edit_identity = identities_.edit;
    history_.requests = choice_.requests_of(history_.cell, identities_.edit);
    load_baseline();
    ledger::CellFiles files;
    if (!identities_.edit.empty()) files = ledger::scan_cell(folder_.cell(history_.cell, identities_.edit));
    wanted_edits_ = core::last_edit_of(config_, history_.cell, files.collapsed_at());
    load_records(files);
    load_reductions(files);
    load_progress(files);
    note_further_edits(files);
    note_not_finite("scores after their edits", after_edits_, kFailures);
    note_not_finite("scores of forgetting", forgetting_, kFailures);
    note_not_finite("scores of all edits", all_edits_, kFailures);
    note_not_finite("likelihoods of texts", texts_, "no mean over texts holds those that are NaN");
    note_empty_texts();
    note_not_finite("monitor", monitor_, "no curve shows what derives from them");
    note_not_finite("distances", distances_, "no mean over cells holds them");
    tell_lacking_baseline();
    return std::move(history_);
  }

 private:
  [[nodiscard]] Remarks& remarks() { return history_.remarks; }

  /// Runs `read`; a file that cannot be trusted is left out.
  template <typename Read>
  bool guarded(const fs::path& path, Read read) {
    try {
      read();
      return true;
    } catch (const core::StorageError& error) {
      remarks().left_out.push_back(path.lexically_relative(folder_.root()).string() + " is left out: " + error.what());
      return false;
    }
  }

  void load_progress(const ledger::CellFiles& files) {
    auto committed = ledger::ledger_of(files, identities_);
    const auto cancellation = ledger::read_cancellation(folder_, history_.cell);
    committed.is_cancelled = cancellation.has_value();
    history_.progress = core::progress_of(config_, history_.cell, committed);
    if (history_.progress.is_cancelled) history_.cancel_reason = cancellation->reason;
  }

  void load_records(const ledger::CellFiles& files) {
    for (const auto& segment : files.segments) {
      if (segment.first_edit > wanted_edits_) return;
      const bool is_whole = guarded(segment.file.path, [&] { append_segment(segment); });
      if (is_whole) continue;
      if (segment.last_edit < files.num_edits()) {
        remarks().left_out.push_back(history_.cell.name() + ": edits after " + std::to_string(segment.first_edit - 1) +
                                     " are left out, because the chain of segments is broken there");
      }
      return;
    }
  }

  void note_further_edits(const ledger::CellFiles& files) {
    if (files.num_edits() <= wanted_edits_) return;
    remarks().notes.push_back(history_.cell.name() + ": " + std::to_string(files.num_edits()) +
                              " edits are committed, of which this experiment asks for the first " +
                              std::to_string(wanted_edits_));
  }

  /// What is averaged must not hide them.
  void note_not_finite(const char* what, const core::FiniteCount& finite, const char* meaning) {
    if (finite.num_not_finite == 0) return;
    remarks().notes.push_back(history_.cell.name() + ": " + std::to_string(finite.num_not_finite) + " of " +
                              std::to_string(finite.num_values) + " values of the " + what +
                              " are not finite: " + meaning);
  }

  void note_empty_texts() {
    if (num_empty_texts_ == 0) return;
    remarks().notes.push_back(history_.cell.name() + ": nothing is written behind " + std::to_string(num_empty_texts_) +
                              " of " + std::to_string(num_texts_) +
                              " prompts of texts, which have `texts_tokens` tokens or more themselves: no mean over "
                              "texts holds those");
  }

  /// Answers of the edited model that there is nothing to compare with.
  void tell_lacking_baseline() {
    const bool is_asked = !history_.tasks.empty() && history_.tasks.back().edits > 0;
    if (!is_asked || has_baseline_) return;
    remarks().left_out.push_back("the comparison of " + history_.cell.model +
                                 "'s downstream tasks with the unedited model: its answers are not in prerequisites/" +
                                 ledger::kBaselineFolder + "/" + history_.cell.model +
                                 " (`lethe sweep` with the config makes them, or restore them from a copy)");
  }

  void append_segment(const ledger::SegmentFile& segment) {
    const auto label =
        storage::segment_label(history_.cell, history_.edit_identity, segment.first_edit, segment.last_edit);
    auto contents = storage::read_segment(segment.file, label, storage::SegmentParts::kWithoutDeltas);
    const auto expected_first = static_cast<std::int64_t>(history_.records.size()) + 1;
    if (segment.first_edit != expected_first) {
      throw core::StorageError(segment.file.path.string() + ": does not continue the edits before it");
    }
    for (auto& edit : contents.edits) {
      if (edit.record.edit > wanted_edits_) continue;
      after_edits_.add(edit.record.scores);
      history_.records.push_back(std::move(edit.record));
    }
  }

  void load_baseline() {
    const auto models = folder_.root() / ledger::prerequisite_folder(ledger::kBaselineFolder, history_.cell.model, "");
    std::map<std::string, ledger::CommittedFile> files;
    std::error_code error;
    for (fs::directory_iterator entry(models, error), end; !error && entry != end; entry.increment(error)) {
      for (const auto& file : ledger::committed_files(entry->path())) {
        if (file.stem == ledger::kBaselineStem) files.emplace(entry->path().filename().string(), file);
      }
    }
    std::set<std::string> there;
    for (const auto& [identity, file] : files) there.insert(identity);
    const auto found = files.find(choice_.baseline_of(history_.cell.model, there, remarks()));
    if (found == files.end()) return;
    has_baseline_ = true;  // one that is flawed is left out with a reason of its own
    guarded(found->second.path, [&] {
      auto contents =
          storage::read_reduction(found->second, storage::baseline_label(history_.cell.model, found->first));
      baseline_ = task_origin(contents);
      history_.tasks.push_back({0, std::move(contents.tasks)});
    });
  }

  void load_reductions(const ledger::CellFiles& files) {
    for (const auto part : core::kAllReductionParts) {
      identities_.reductions[part] =
          choice_.reductions_of(history_.cell, part, ledger::reduction_identities(files, part), remarks());
    }
    std::map<core::ReductionPart, std::int64_t> further;
    for (const auto& file : files.reductions) {
      if (file.identity != identities_.reductions[file.part] || file.edits > wanted_edits_) continue;
      // What is due at all is so after the last edit.
      if (is_due(file.part, wanted_edits_, files) && !is_due(file.part, file.edits, files)) {
        ++further[file.part];
        continue;
      }
      guarded(file.file.path, [&] { append_reduction(file); });
    }
    note_further_reductions(further);
  }

  [[nodiscard]] bool is_due(core::ReductionPart part, std::int64_t edits, const ledger::CellFiles& files) const {
    const auto parts = core::parts_due(config_, history_.cell, edits, files.collapsed_at());
    return std::ranges::find(parts, part) != parts.end();
  }

  /// Made for another config, with other intervals. What was wrong at any check so far depends on how many there were:
  /// a report is of the checks that its experiment asks for, whatever else the folder has been through. A part that it
  /// asks for nowhere is another matter: what an earlier run measured is shown still.
  void note_further_reductions(const std::map<core::ReductionPart, std::int64_t>& further) {
    if (further.empty()) return;
    std::string counts;
    for (const auto& [part, count] : further) {
      counts += (counts.empty() ? "" : ", ") + std::to_string(count) + " of " + std::string(core::to_string(part));
    }
    remarks().notes.push_back(history_.cell.name() +
                              ": reductions are committed that this experiment does not ask for after their edits, and "
                              "are not shown: " +
                              counts);
  }

  void append_reduction(const ledger::ReductionFile& file) {
    auto contents = storage::read_reduction(file.file, storage::reduction_label(history_.cell, history_.edit_identity,
                                                                                file.part, file.edits, file.identity));
    switch (file.part) {
      case core::ReductionPart::kDistance:
        for (const auto& record : contents.distances) distances_.add(record.frobenius);
        history_.distances.push_back({file.edits, std::move(contents.distances)});
        return;
      case core::ReductionPart::kForgetting:
        require_same_edits(file, contents.forgetting);
        for (const auto& record : contents.forgetting) forgetting_.add(std::span(&record.rewrite, 1));
        history_.forgetting.push_back(tally_.count(history_.records, contents.forgetting));
        return;
      case core::ReductionPart::kTasks:
        compare_with_baseline(file, contents);
        keep_task_identities(contents.provenance);
        history_.tasks.push_back({file.edits, std::move(contents.tasks)});
        return;
      case core::ReductionPart::kScores:
        require_same_edits(file, contents.scores);
        for (const auto& record : contents.scores) {
          all_edits_.add(record.edited);
          all_edits_.add(record.unedited);
        }
        history_.all_edits.push_back(average_all_edits(contents.scores));
        history_.last_all_edits = scores_of_all_edits(contents.scores);
        return;
      case core::ReductionPart::kTexts:
        require_own_edits(file, contents.texts);
        keep_texts(file, contents.texts);
        return;
      case core::ReductionPart::kMonitor:
        monitor_.add(contents.monitor);
        history_.monitor_identity = file.identity;
        history_.monitor_text = contents.provenance[storage::kMonitorText];
        history_.monitor.push_back(monitor_point(file.edits, std::move(contents.monitor)));
        return;
    }
  }

  void keep_texts(const ledger::ReductionFile& file, const std::vector<core::TextsRecord>& texts) {
    for (const auto& record : texts) {
      texts_.add(record);
      ++num_texts_;
      num_empty_texts_ += has_texts(record) ? 0 : 1;
    }
    history_.texts.push_back(average_texts(file.edits, texts));
    history_.texts.back().file = file;
  }

  void keep_task_identities(const storage::Provenance& provenance) {
    const std::string_view prefix = storage::kTaskIdentityPrefix;
    for (const auto& [key, value] : provenance) {
      if (key.starts_with(prefix)) history_.task_identities[key.substr(prefix.size())] = value;
    }
  }

  /// Answers to other questions are no measure of a loss. All reductions of an identity were asked the same.
  void compare_with_baseline(const ledger::ReductionFile& file, const storage::ReductionContents& contents) {
    if (!baseline_ || have_same_questions(*baseline_, task_origin(contents))) return;
    remarks().left_out.push_back(history_.cell.name() +
                                 ": the answers of the unedited model are left out, because they answer other prompts "
                                 "or examples than the tasks reductions of identity " +
                                 file.identity + "; run the sweep again, or name both with `--identity`");
    baseline_.reset();
    history_.tasks.erase(history_.tasks.begin());
  }

  /// What is asked of all edits is compared with what was true right after each, so both must speak of the same edits.
  template <typename Record>
  void require_same_edits(const ledger::ReductionFile& file, const std::vector<Record>& asked) const {
    if (static_cast<std::int64_t>(asked.size()) != file.edits) fail(file, "does not hold all edits up to its own");
    if (asked.size() > history_.records.size()) fail(file, "has no segments to compare with");
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (asked[i].edit != history_.records[i].edit || asked[i].case_id != history_.records[i].case_id) {
        fail(file, "speaks of other records than the segments do");
      }
    }
  }

  /// What is written is about edits that were made by then.
  void require_own_edits(const ledger::ReductionFile& file, const std::vector<core::TextsRecord>& texts) const {
    for (const auto& record : texts) {
      if (record.edit > file.edits) fail(file, "speaks of edits after its own");
      if (record.edit > static_cast<std::int64_t>(history_.records.size()))
        fail(file, "has no segments to compare with");
      if (record.case_id != history_.records[static_cast<std::size_t>(record.edit) - 1].case_id) {
        fail(file, "speaks of other records than the segments do");
      }
    }
  }

  [[noreturn]] static void fail(const ledger::ReductionFile& file, const std::string& what) {
    throw core::StorageError(file.file.path.string() + ": " + what);
  }

  const ledger::SweepFolder& folder_;
  const core::ExperimentConfig& config_;
  IdentityChoice& choice_;
  ledger::CellIdentities identities_;
  std::optional<TaskOrigin> baseline_;
  bool has_baseline_ = false;  ///< a file of it is there
  core::FiniteCount after_edits_, forgetting_, all_edits_, texts_, monitor_, distances_;
  std::int64_t num_texts_ = 0;  ///< prompts of all points
  std::int64_t num_empty_texts_ = 0;
  ForgettingTally tally_;
  std::int64_t wanted_edits_ = 0;  ///< up to the cell's end
  CellHistory history_;
};

}  // namespace

CellHistory load_cell_history(const ledger::SweepFolder& folder, const core::ExperimentConfig& config,
                              const core::GridCell& cell, IdentityChoice& choice) {
  return CellLoader(folder, config, cell, choice).load();
}

}  // namespace lethe::report
