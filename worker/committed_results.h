#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"
#include "ledger/cell_identities.h"
#include "ledger/sweep_folder.h"

namespace lethe::worker {

/// What a sweep's folder says of the results in it, so that neither records nor corpora are needed to work with them:
/// identities from inspection.json, else from the names of what is there.
class CommittedResults {
 public:
  explicit CommittedResults(ledger::SweepFolder folder);

  /// Of the newest run; nullopt where there is none, or one of another version of lethe.
  [[nodiscard]] const std::optional<core::Inspection>& inspection() const { return inspection_; }

  /// Under which identity a cell's results are looked at. Throws `core::StorageError` where nothing is committed, or
  /// results of several settings lie side by side and inspection.json does not say which.
  [[nodiscard]] std::string edit_identity(const core::GridCell& cell) const;
  /// What was hashed into it, from identity-<digest>.json; empty where that file is not there. Throws
  /// `core::StorageError` if it is damaged or cannot be read, `core::MismatchError` if it is no such file or another
  /// identity's.
  [[nodiscard]] std::map<std::string, std::string> identity_fields(const core::GridCell& cell) const;
  /// These, and those of a cell's reductions; parts of which nobody says are left out.
  [[nodiscard]] ledger::CellIdentities identities(const core::GridCell& cell) const;

 private:
  ledger::SweepFolder folder_;
  std::optional<core::Inspection> inspection_;

  [[nodiscard]] const core::CellFacts* facts_of(const core::GridCell& cell) const;
};

/// The same of one folder of a cell, whose name is the identity.
std::map<std::string, std::string> read_identity_fields(const std::filesystem::path& cell_folder);

}  // namespace lethe::worker
