#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/host_tensor.h"
#include "storage/segment.h"

namespace lethe::storage {

using NamedTensors = std::map<std::string, core::HostTensor>;
using NamedDoubles = std::map<std::string, core::HostDoubles>;

/// What an unfinished training goes on from, beside the editor as it is.
struct MendTrainingProgress {
  std::int64_t next_iteration = 0;
  std::int64_t num_steps = 0;
  std::int64_t best_iteration = -1;  ///< -1: not validated yet
  double best_loss = 0.0;
  NamedTensors first_moments;  ///< of Adam, by trained tensor; empty before the first step
  NamedTensors second_moments;
  NamedTensors best_tensors;
  NamedDoubles best_statistics;
};

/// A MEND editor, finished or with the state of its training. docs/formats.md lists the tensors' names.
struct MendEditorContents {
  std::string model;
  std::string identity;  ///< of the training, 12 hex digits
  std::string weights;   ///< digest of the weights that it edits; empty in files of before it was stored
  /// The form: "input_normalization", "last_bias", "update_sign" as a config spells them.
  std::map<std::string, std::string> form;
  NamedTensors tensors;
  NamedDoubles statistics;
  std::optional<MendTrainingProgress> training;
  Provenance provenance;
};
void write_mend_editor(const std::filesystem::path& temporary, const MendEditorContents& contents);
/// Checks digest and label first; production code uses only this overload for files of a sweep.
MendEditorContents read_mend_editor(const ledger::CommittedFile& file, const FileLabel& label);
MendEditorContents read_mend_editor(const std::filesystem::path& path);

}  // namespace lethe::storage
