#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "core/grid_cell.h"
#include "core/reduction_part.h"
#include "ledger/commit.h"

namespace lethe::storage {

/// What a file says it is of: its schema, and the root attributes that tell it from others of its kind. Every file is
/// written with one and opened with one: a digest proves only that a file has the bytes that its name says, not that it
/// is the one that was asked for. A new kind of file gets a function here.
struct FileLabel {
  using Attributes = std::map<std::string, std::variant<std::int64_t, std::string>>;
  std::string schema;
  Attributes attributes{};  ///< every file of the kind has them
  Attributes later{};       ///< written since, so that older files lack them; compared where they are there
};

FileLabel segment_label(const core::GridCell& cell, const std::string& edit_identity, std::int64_t first_edit,
                        std::int64_t last_edit);
FileLabel snapshot_label(const core::GridCell& cell, const std::string& edit_identity, std::int64_t edit);
FileLabel reduction_label(const core::GridCell& cell, const std::string& edit_identity, core::ReductionPart part,
                          std::int64_t edits, const std::string& reduction_identity);
/// A model's tasks before any edit.
FileLabel baseline_label(const std::string& model, const std::string& identity);
FileLabel second_moment_label(const std::string& model, const std::string& identity, int layer);
FileLabel moment_sum_label(const std::string& model, const std::string& identity, int layer, std::int64_t slice);
FileLabel null_space_label(const std::string& model, const std::string& identity, int layer);
/// `weights`: digest of the weights that it edits.
FileLabel mend_editor_label(const std::string& model, const std::string& identity, const std::string& weights);
/// Of an editor that a config names: it may come from a sweep that called the model otherwise.
FileLabel named_editor_label(const std::string& weights);

/// Reads a committed file as far as telling needs that it is the one asked for: its bytes against its digest, its label
/// against `label`. Returns what is wrong with it; nullopt if nothing is. A file that cannot be read throws
/// `core::StorageError`: it may be sound.
std::optional<std::string> flaw_of(const ledger::CommittedFile& file, const FileLabel& label);

}  // namespace lethe::storage
