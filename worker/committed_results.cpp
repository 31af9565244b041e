#include "worker/committed_results.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/contract/identity.h"
#include "core/error.h"
#include "core/strict_json.h"

namespace lethe::worker {
CommittedResults::CommittedResults(ledger::SweepFolder folder)
    : folder_(std::move(folder)), inspection_(core::known_inspection(folder_.inspection())) {}

const core::CellFacts* CommittedResults::facts_of(const core::GridCell& cell) const {
  if (!inspection_) return nullptr;
  const auto found = std::ranges::find(inspection_->cells, cell, &core::CellFacts::cell);
  return found == inspection_->cells.end() || found->edit_identity.empty() ? nullptr : &*found;
}

std::string CommittedResults::edit_identity(const core::GridCell& cell) const {
  const auto there = ledger::foreign_identities(folder_, cell, "");
  if (const auto* facts = facts_of(cell)) {
    if (there.empty() || std::ranges::find(there, facts->edit_identity) != there.end()) return facts->edit_identity;
  }
  const auto place = folder_.cell(cell).string();
  if (there.empty()) throw core::StorageError(place + ": holds no edits yet; `lethe status` shows what a sweep has");
  if (there.size() == 1) return there.front();
  std::string names;
  for (const auto& identity : there) names += (names.empty() ? "" : ", ") + identity;
  throw core::StorageError(place + ": holds results of " + std::to_string(there.size()) + " settings (" + names +
                           "), and inspection.json does not say which are the experiment's; move the others away");
}

std::map<std::string, std::string> CommittedResults::identity_fields(const core::GridCell& cell) const {
  return read_identity_fields(folder_.cell(cell, edit_identity(cell)));
}

ledger::CellIdentities CommittedResults::identities(const core::GridCell& cell) const {
  ledger::CellIdentities identities{edit_identity(cell), {}};
  const auto* facts = facts_of(cell);
  const auto files = ledger::scan_cell(folder_.cell(cell, identities.edit));
  for (const auto part : core::kAllReductionParts) {
    const auto there = ledger::reduction_identities(files, part);
    if (facts != nullptr && facts->reduction_identities.contains(part)) {
      identities.reductions.emplace(part, facts->reduction_identities.at(part));
    } else if (there.size() == 1) {
      identities.reductions.emplace(part, *there.begin());
    }
  }
  return identities;
}

std::map<std::string, std::string> read_identity_fields(const std::filesystem::path& cell_folder) {
  const auto file = ledger::find_committed(cell_folder, "identity");
  if (!file) return {};
  ledger::check_digest(*file);
  core::Identity identity;
  try {
    identity.fields = core::strict_json(ledger::read_text(file->path)).get<std::map<std::string, std::string>>();
  } catch (const core::JsonError& error) {
    throw core::MismatchError(file->path.string() + ": " + error.what() + "; restore it from a copy");
  } catch (const nlohmann::json::exception&) {
    throw core::MismatchError(file->path.string() + ": is no JSON object of texts; restore it from a copy");
  }
  if (identity.short_hex() != cell_folder.filename()) {
    throw core::MismatchError(file->path.string() + ": its fields give the identity " + identity.short_hex() +
                              ", its folder is another's; restore the right one from a copy");
  }
  return std::move(identity.fields);
}

}  // namespace lethe::worker
