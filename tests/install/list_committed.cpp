// Commits a report to a folder as a sweep would, then lists what is committed there, checked against the digests in the
// names.
#include <exception>
#include <filesystem>
#include <iostream>

#include "core/digest.h"
#include "ledger/commit.h"
#include "ledger/durable_file.h"
#include "storage/report_file.h"

int main(int argc, char** argv) try {
  namespace ledger = lethe::ledger;
  if (argc != 2) return 64;
  const std::filesystem::path folder = argv[1];

  ledger::make_folder(folder);
  const auto curves = ledger::temporary_path(folder, "curves");
  lethe::storage::write_report_file(curves, {});
  ledger::publish(curves, "curves");

  for (const auto& file : ledger::committed_files(folder)) {
    ledger::check_digest(file);
    std::cout << file.stem << " " << lethe::core::digest_of_file(file.path).hex() << "\n";
  }
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
