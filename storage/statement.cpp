#include "storage/statement.h"

#include "ledger/commit.h"
#include "storage/hdf5_reader.h"

namespace lethe::storage {

std::optional<std::string> read_statement(const std::filesystem::path& folder, const std::string& stem) {
  const auto file = ledger::find_committed(folder, stem);
  if (!file) return std::nullopt;
  const hdf5::LibraryLock lock;
  const auto provenance = hdf5::InputFile(file->path, std::string()).provenance();
  const auto found = provenance.find(kStatementKey);
  return found == provenance.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace lethe::storage
