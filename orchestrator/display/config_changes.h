#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"
#include "orchestrator/scheduling/ledger_view.h"

namespace lethe::orchestrator::inline display {

/// What the newest run in a folder was asked for: its experiment.json and inspection.json.
struct FormerRun {
  core::ExperimentConfig config;
  std::optional<core::Inspection> inspection;  ///< nullopt where another version of lethe wrote it
};

/// What a config does in a folder in which another run was, in words, a line each: keys that differ, cells that come
/// and go, edits and tasks that do, and what is evaluated of models that are edited already. Never empty.
/// `ledger` says what is committed under the identities of `inspection`.
std::vector<std::string> describe_changes(const FormerRun& former, const core::ExperimentConfig& config,
                                          const core::Inspection& inspection, const LedgerView& ledger);

}  // namespace lethe::orchestrator::inline display
