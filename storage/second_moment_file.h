#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "storage/comparison.h"
#include "storage/segment.h"

namespace lethe::storage {

/// Second moments of one layer: C = E[k k^T], row-major [F,F] fp64, chunked and written in slabs.
struct SecondMomentContents {
  std::string model;
  std::string identity;
  int layer = 0;
  std::int64_t inner_width = 0;
  std::int64_t count = 0;  ///< tokens
  std::int64_t num_documents = 0;
  std::vector<double> values;
  Provenance provenance;
};
void write_second_moment(const std::filesystem::path& temporary, const SecondMomentContents& contents);
/// Checks the digest first; production code uses only this overload.
SecondMomentContents read_second_moment(const ledger::CommittedFile& file);
SecondMomentContents read_second_moment(const std::filesystem::path& path);

}  // namespace lethe::storage
