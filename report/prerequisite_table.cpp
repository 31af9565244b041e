#include "report/prerequisite_table.h"

#include "core/error.h"
#include "ledger/sweep_folder.h"
#include "storage/statement.h"

namespace lethe::report {
namespace {

std::optional<std::string> statement_of(const std::filesystem::path& folder, const std::string& stem) {
  try {
    const auto file = ledger::find_committed(folder, stem);
    return file ? storage::read_statement(*file) : std::nullopt;
  } catch (const core::StorageError&) {
    return std::nullopt;
  }
}

}  // namespace

Table prerequisite_table(const std::optional<core::Inspection>& inspection, const std::filesystem::path& root) {
  Table table{"prerequisites",
              "What the cells of a model share, and what its files say of themselves.",
              {"prerequisite", "file", "statement"},
              {},
              3};
  if (!inspection) return table;
  for (const auto& facts : inspection->prerequisites) {
    if (facts.folder.empty()) continue;
    for (const auto& stem : facts.stems) {
      if (const auto said = statement_of(root / facts.folder, stem)) table.rows.push_back({facts.title, stem, *said});
    }
  }
  return table;
}

}  // namespace lethe::report
