#pragma once

#include <optional>
#include <string>

#include "ledger/commit.h"
#include "storage/file_label.h"

namespace lethe::worker {

/// A committed file below prerequisites/<kind's folder>/<model>/<identity>, by its place and name alone.
struct PrerequisiteFile {
  std::string model;
  std::string identity;
  bool is_part = false;  ///< it lies in the folder of parts
  ledger::CommittedFile file;
};

/// What such a file must say of itself, and what reads all of it.
struct PrerequisiteContents {
  storage::FileLabel label;
  void (*read)(const ledger::CommittedFile& file, const storage::FileLabel& label);  ///< throws what is wrong with it
};

// Of each kind; nullopt for a name that the kind gives no file.
std::optional<PrerequisiteContents> moments_contents(const PrerequisiteFile& file);
std::optional<PrerequisiteContents> projector_contents(const PrerequisiteFile& file);
std::optional<PrerequisiteContents> editor_contents(const PrerequisiteFile& file);
std::optional<PrerequisiteContents> baseline_contents(const PrerequisiteFile& file);

}  // namespace lethe::worker
