#include "storage/file_label.h"

#include "storage/hdf5_reader.h"
#include "storage/schemas.h"

namespace lethe::storage {
namespace {

FileLabel cell_label(const char* schema, const core::GridCell& cell, const std::string& edit_identity) {
  return {schema,
          {{"method", cell.method},
           {"model", cell.model},
           {"sample", static_cast<std::int64_t>(cell.sample)},
           {"edit_identity", edit_identity}}};
}

FileLabel layer_label(const char* schema, const std::string& model, const char* identity_name,
                      const std::string& identity, int layer) {
  return {schema, {{"model", model}, {identity_name, identity}, {"layer", static_cast<std::int64_t>(layer)}}};
}

}  // namespace

FileLabel segment_label(const core::GridCell& cell, const std::string& edit_identity, std::int64_t first_edit,
                        std::int64_t last_edit) {
  auto label = cell_label(kSegmentSchema, cell, edit_identity);
  label.attributes.emplace("first_edit", first_edit);
  label.attributes.emplace("last_edit", last_edit);
  return label;
}

FileLabel snapshot_label(const core::GridCell& cell, const std::string& edit_identity, std::int64_t edit) {
  auto label = cell_label(kSnapshotSchema, cell, edit_identity);
  label.attributes.emplace("edit", edit);
  return label;
}

FileLabel reduction_label(const core::GridCell& cell, const std::string& edit_identity, core::ReductionPart part,
                          std::int64_t edits, const std::string& reduction_identity) {
  auto label = cell_label(kReductionSchema, cell, edit_identity);
  label.attributes.emplace("reduction_identity", reduction_identity);
  label.attributes.emplace("edits", edits);
  label.attributes.emplace("part", std::string(to_string(part)));
  return label;
}

FileLabel baseline_label(const std::string& model, const std::string& identity) {
  return reduction_label({"", model, -1}, "", core::ReductionPart::kTasks, 0, identity);
}

FileLabel second_moment_label(const std::string& model, const std::string& identity, int layer) {
  return layer_label(kSecondMomentSchema, model, "moments_identity", identity, layer);
}

FileLabel moment_sum_label(const std::string& model, const std::string& identity, int layer, std::int64_t slice) {
  auto label = layer_label(kMomentSumSchema, model, "moments_identity", identity, layer);
  label.attributes.emplace("slice", slice);
  return label;
}

FileLabel null_space_label(const std::string& model, const std::string& identity, int layer) {
  return layer_label(kNullSpaceSchema, model, "projector_identity", identity, layer);
}

FileLabel mend_editor_label(const std::string& model, const std::string& identity, const std::string& weights) {
  auto label = named_editor_label(weights);
  label.attributes = {{"model", model}, {"training_identity", identity}};
  return label;
}

FileLabel named_editor_label(const std::string& weights) { return {kMendEditorSchema, {}, {{"weights", weights}}}; }

std::optional<std::string> flaw_of(const ledger::CommittedFile& file, const FileLabel& label) {
  if (auto damage = ledger::damage_of(file)) return damage;
  const hdf5::LibraryLock lock;
  const hdf5::InputFile opened(file.path, label.schema);
  auto difference = opened.difference_from(label);
  if (difference) return file.path.string() + ": " + *difference;
  return std::nullopt;
}

}  // namespace lethe::storage
