#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "ledger/commit.h"
#include "storage/segment.h"

namespace lethe::storage {

/// The null space of one layer's keys (editing/null_space.h): of its basis and that of its complement the smaller one,
/// row-major [F,Q] fp64, and where the threshold cut the eigenvalues.
struct NullSpaceContents {
  std::string model;
  std::string identity;  ///< of the prerequisite that it is a file of
  int layer = 0;
  std::int64_t inner_width = 0;  ///< F
  std::int64_t num_columns = 0;  ///< Q
  bool is_complement = false;
  double threshold = 0.0;
  double smallest = 0.0;  ///< eigenvalues: of all,
  double largest = 0.0;
  double below = 0.0;  ///< and next to the threshold; NaN where there is none
  double above = 0.0;
  std::vector<double> values;
  Provenance provenance;
};
/// `contents.values` is left out; `values` is written instead, never copied.
void write_null_space(const std::filesystem::path& temporary, const NullSpaceContents& contents,
                      std::span<const double> values);
/// Checks digest and label first.
NullSpaceContents read_null_space(const ledger::CommittedFile& file, const FileLabel& label);

}  // namespace lethe::storage
