#include "storage/statement.h"

#include "storage/hdf5_reader.h"

namespace lethe::storage {

std::optional<std::string> read_statement(const ledger::CommittedFile& file) {
  const hdf5::LibraryLock lock;
  const auto provenance = hdf5::InputFile(file.path, std::string()).provenance();
  const auto found = provenance.find(kStatementKey);
  return found == provenance.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace lethe::storage
