#include "storage/reduction.h"

#include <set>

#include "core/error.h"
#include "storage/cell_attributes.h"
#include "storage/monitor_columns.h"
#include "storage/prompt_score_columns.h"
#include "storage/schemas.h"
#include "storage/text_columns.h"

namespace lethe::storage {
namespace {

/// A file holds one part; records of another part would be lost silently.
void require_one_part(const ReductionContents& contents, const hdf5::Place& place) {
  const bool is_foreign = (contents.part != core::ReductionPart::kDistance && !contents.distances.empty()) ||
                          (contents.part != core::ReductionPart::kForgetting && !contents.forgetting.empty()) ||
                          (contents.part != core::ReductionPart::kTasks && !contents.tasks.empty()) ||
                          (contents.part != core::ReductionPart::kScores && !contents.scores.empty()) ||
                          (contents.part != core::ReductionPart::kTexts && !contents.texts.empty()) ||
                          (contents.part != core::ReductionPart::kMonitor && !contents.monitor.is_empty());
  if (is_foreign) hdf5::fail(place, "holds records of another part than " + std::string(to_string(contents.part)));
}

void write_distances(const hdf5::WriteGroup& root, const std::vector<core::DistanceRecord>& records) {
  std::vector<std::string> parameters;
  std::vector<double> frobenius;
  std::vector<std::int64_t> num_weights;
  for (const core::DistanceRecord& record : records) {
    parameters.push_back(record.parameter);
    frobenius.push_back(record.frobenius);
    num_weights.push_back(record.num_weights);
  }
  const hdf5::WriteGroup group = root.create_group("distance");
  group.strings("parameter", parameters);
  group.dataset("frobenius", frobenius);
  group.dataset("num_weights", num_weights);
}

std::vector<core::DistanceRecord> read_distances(const hdf5::ReadGroup& root) {
  const hdf5::ReadGroup group = root.group("distance");
  const auto parameters = group.strings("parameter");
  const auto n = static_cast<std::int64_t>(parameters.size());
  const auto frobenius = group.vector<double>("frobenius", n);
  const auto num_weights = group.vector<std::int64_t>("num_weights", n);
  std::vector<core::DistanceRecord> records;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (num_weights[i] < 1) group.fail_at("num_weights", "is out of range");
    records.push_back({parameters[i], frobenius[i], num_weights[i]});
  }
  return records;
}

/// Of edits that are asked again, in their order.
std::vector<std::int64_t> read_edits_asked(const hdf5::ReadGroup& group) {
  auto edits = group.vector<std::int64_t>("edit");
  for (std::size_t i = 0; i < edits.size(); ++i) {
    if (edits[i] < 1 || (i > 0 && edits[i] <= edits[i - 1])) group.fail_at("edit", "is not increasing from 1");
  }
  return edits;
}

void write_forgetting(const hdf5::WriteGroup& root, const std::vector<core::ForgettingRecord>& records) {
  std::vector<std::int64_t> edits;
  std::vector<std::int64_t> case_ids;
  std::vector<core::PromptScore> scores;
  for (const core::ForgettingRecord& record : records) {
    edits.push_back(record.edit);
    case_ids.push_back(record.case_id);
    scores.push_back(record.rewrite);
  }
  const hdf5::WriteGroup group = root.create_group("forgetting");
  group.dataset("edit", edits);
  group.dataset("case_id", case_ids);
  hdf5::write_scores(group, scores);
}

std::vector<core::ForgettingRecord> read_forgetting(const hdf5::ReadGroup& root) {
  const hdf5::ReadGroup group = root.group("forgetting");
  const auto edits = read_edits_asked(group);
  const auto n = static_cast<std::int64_t>(edits.size());
  const auto case_ids = group.vector<std::int64_t>("case_id", n);
  const auto scores = hdf5::read_scores(group, n);
  std::vector<core::ForgettingRecord> records;
  for (std::size_t i = 0; i < edits.size(); ++i) records.push_back({edits[i], case_ids[i], scores[i]});
  return records;
}

void write_prompts(const hdf5::WriteGroup& group, const char* name, const std::vector<core::ScoresRecord>& records,
                   std::vector<core::PromptScore> core::ScoresRecord::*field) {
  std::vector<core::PromptScore> scores;
  for (const core::ScoresRecord& record : records) {
    scores.insert(scores.end(), (record.*field).begin(), (record.*field).end());
  }
  hdf5::write_scores(group.create_group(name), scores);
}

void write_scores_of_all(const hdf5::WriteGroup& root, const std::vector<core::ScoresRecord>& records) {
  std::vector<std::int64_t> edits;
  std::vector<std::int64_t> case_ids;
  std::vector<std::int64_t> offsets{0};
  const hdf5::WriteGroup group = root.create_group("scores");
  for (const core::ScoresRecord& record : records) {
    if (record.edited.size() != record.unedited.size()) {
      hdf5::fail(group.place(), "prompts of the edited and the unedited model differ in number");
    }
    edits.push_back(record.edit);
    case_ids.push_back(record.case_id);
    offsets.push_back(offsets.back() + static_cast<std::int64_t>(record.edited.size()));
  }
  group.dataset("edit", edits);
  group.dataset("case_id", case_ids);
  group.dataset("offsets", offsets);
  write_prompts(group, "edited", records, &core::ScoresRecord::edited);
  write_prompts(group, "unedited", records, &core::ScoresRecord::unedited);
}

std::vector<core::ScoresRecord> read_scores_of_all(const hdf5::ReadGroup& root) {
  const hdf5::ReadGroup group = root.group("scores");
  const auto edits = read_edits_asked(group);
  const auto n = static_cast<std::int64_t>(edits.size());
  const auto case_ids = group.vector<std::int64_t>("case_id", n);
  const auto edited = hdf5::read_scores(group.group("edited"));
  const auto num_prompts = static_cast<std::int64_t>(edited.size());
  const auto unedited = hdf5::read_scores(group.group("unedited"), num_prompts);
  const auto offsets = group.offsets("offsets", n, num_prompts);
  std::vector<core::ScoresRecord> records;
  for (std::size_t i = 0; i < edits.size(); ++i) {
    core::ScoresRecord record{edits[i], case_ids[i], {}, {}};
    for (auto p = static_cast<std::size_t>(offsets[i]); p < static_cast<std::size_t>(offsets[i + 1]); ++p) {
      if (edited[p].kind != unedited[p].kind)
        group.fail_at("unedited/kind", "is not that of the edited model's prompt");
      record.edited.push_back(edited[p]);
      record.unedited.push_back(unedited[p]);
    }
    records.push_back(std::move(record));
  }
  return records;
}

void write_tasks(const hdf5::WriteGroup& root, const std::vector<core::TaskRecord>& records) {
  const hdf5::WriteGroup tasks = root.create_group("tasks");
  std::int64_t position = 0;
  for (const core::TaskRecord& record : records) {
    const hdf5::WriteGroup group = tasks.create_group(record.task);
    if (record.predictions.size() != record.labels.size() || record.generated_ids.size() != record.labels.size()) {
      hdf5::fail(group.place(), "labels, predictions and generated ids differ in number");
    }
    group.attribute("position", position++);
    group.dataset("labels", record.labels);
    group.dataset("predictions", record.predictions);
    group.ragged<std::int32_t>("generated_ids", record.generated_ids);
  }
}

core::TaskRecord read_task(const hdf5::ReadGroup& group, const std::string& name) {
  core::TaskRecord record;
  record.task = name;
  record.labels = group.vector<std::int32_t>("labels");
  const auto n = static_cast<std::int64_t>(record.labels.size());
  record.predictions = group.vector<std::int32_t>("predictions", n);
  record.generated_ids = group.ragged<std::int32_t>("generated_ids", n);
  return record;
}

/// In the order in which they were written: the config's.
std::vector<core::TaskRecord> read_tasks(const hdf5::ReadGroup& root) {
  const hdf5::ReadGroup tasks = root.group("tasks");
  std::map<std::int64_t, core::TaskRecord> by_position;
  for (const auto& [name, kind] : tasks.members()) {
    const hdf5::ReadGroup group = tasks.group(name);
    if (!by_position.emplace(group.attribute_integer("position"), read_task(group, name)).second) {
      group.fail_at("@position", "is taken by another task");
    }
  }
  std::vector<core::TaskRecord> records;
  for (auto& [position, record] : by_position) records.push_back(std::move(record));
  return records;
}

core::ReductionPart read_part(const hdf5::ReadGroup& root) {
  const std::string word = root.attribute_text("part");
  for (const auto part : core::kAllReductionParts) {
    if (word == to_string(part)) return part;
  }
  root.fail_at("@part", "is no part of a reduction");
}

}  // namespace

void write_reduction(const std::filesystem::path& temporary, const ReductionContents& contents) {
  const hdf5::LibraryLock lock;
  require_one_part(contents, {temporary.string(), "/"});
  hdf5::OutputFile file(temporary, reduction_label(contents.cell, contents.edit_identity, contents.part, contents.edits,
                                                   contents.reduction_identity));
  {
    const hdf5::WriteGroup& root = file.root();
    if (contents.part == core::ReductionPart::kDistance) write_distances(root, contents.distances);
    if (contents.part == core::ReductionPart::kForgetting) write_forgetting(root, contents.forgetting);
    if (contents.part == core::ReductionPart::kTasks) write_tasks(root, contents.tasks);
    if (contents.part == core::ReductionPart::kScores) write_scores_of_all(root, contents.scores);
    if (contents.part == core::ReductionPart::kTexts) hdf5::write_texts(root.create_group("texts"), contents.texts);
    if (contents.part == core::ReductionPart::kMonitor) {
      hdf5::write_monitor(root.create_group("monitor"), contents.monitor);
    }
    file.provenance(contents.provenance);
  }
  file.close();
}

namespace {

ReductionContents reduction_contents(const hdf5::InputFile& file) {
  const hdf5::ReadGroup& root = file.root();
  ReductionContents contents;
  contents.cell = hdf5::read_cell(root);
  contents.edit_identity = root.attribute_text("edit_identity");
  contents.reduction_identity = root.attribute_text("reduction_identity");
  contents.edits = root.attribute_integer("edits");
  if (contents.edits < 0) root.fail_at("@edits", "is negative");
  contents.part = read_part(root);
  if (contents.part == core::ReductionPart::kDistance) contents.distances = read_distances(root);
  if (contents.part == core::ReductionPart::kForgetting) contents.forgetting = read_forgetting(root);
  if (contents.part == core::ReductionPart::kTasks) contents.tasks = read_tasks(root);
  if (contents.part == core::ReductionPart::kScores) contents.scores = read_scores_of_all(root);
  if (contents.part == core::ReductionPart::kTexts) contents.texts = hdf5::read_texts(root.group("texts"));
  if (contents.part == core::ReductionPart::kMonitor) contents.monitor = hdf5::read_monitor(root.group("monitor"));
  contents.provenance = file.provenance();
  return contents;
}

}  // namespace

ReductionContents read_reduction(const std::filesystem::path& path) {
  const hdf5::LibraryLock lock;
  return reduction_contents(hdf5::InputFile(path, kReductionSchema));
}

ReductionContents read_reduction(const ledger::CommittedFile& file, const FileLabel& label) {
  ledger::check_digest(file);
  const hdf5::LibraryLock lock;
  return reduction_contents(hdf5::InputFile(file.path, label));
}

}  // namespace lethe::storage
