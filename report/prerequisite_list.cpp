#include "report/prerequisite_list.h"

#include "core/error.h"
#include "storage/statement.h"

namespace lethe::report {
namespace {

std::optional<std::string> statement_of(const std::filesystem::path& folder, const std::string& stem) {
  try {
    return storage::read_statement(folder, stem);
  } catch (const core::StorageError&) {
    return "cannot be read";
  }
}

}  // namespace

List prerequisite_list(const std::optional<core::Inspection>& inspection, const std::filesystem::path& root) {
  List list;
  if (!inspection) return list;
  for (const auto& facts : inspection->prerequisites) {
    if (facts.folder.empty()) continue;
    for (const auto& stem : facts.stems) {
      const auto said = statement_of(root / facts.folder, stem);
      if (said) list.items.push_back(as_text(facts.title + ", " + stem + ": " + *said));
    }
  }
  return list;
}

}  // namespace lethe::report
